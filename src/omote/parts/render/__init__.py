"""Two rasterisers that draw the same picture, and what they share: light, textures, ground, background."""
