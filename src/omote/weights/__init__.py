"""Weights that ship with the package, and `weights.toml`, the manifest of all there are."""
