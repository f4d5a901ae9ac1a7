"""Find faces, their 478 landmarks and irises."""
