"""Dancing: a photograph of a person moves to music."""

from omote.core.catalogue import System

SYSTEMS: tuple[System, ...] = ()
