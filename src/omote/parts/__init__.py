"""What several methods share; knows no method by name."""
