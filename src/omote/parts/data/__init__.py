"""Synthetic people and songs with known truth."""
