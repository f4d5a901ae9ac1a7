"""Contracts, catalogue, weights, devices and errors: what every floor stands on. No image maths here."""
