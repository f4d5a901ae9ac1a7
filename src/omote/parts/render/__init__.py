"""Rasterisers and shading."""
