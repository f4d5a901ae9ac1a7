"""Cameras, rotations and meshes."""
