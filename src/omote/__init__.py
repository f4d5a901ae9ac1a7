"""Omote (面): makes digital humans, and labels them; guards people against forged ones."""

__version__ = "0.1.0"
