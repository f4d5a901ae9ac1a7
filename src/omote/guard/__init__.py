"""Risk reduction: detect, protect, prove where media come from."""
