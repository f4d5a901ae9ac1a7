"""Synthetic adults with exact truth: who they are, how they stand, what they wear."""
