"""Figures of merit, named as the field names them."""
