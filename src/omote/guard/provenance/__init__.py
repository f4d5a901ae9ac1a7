"""Provenance: consent records, signed manifests, and a watermark that finds them again."""

from omote.core.catalogue import System

SYSTEMS: tuple[System, ...] = ()
