"""Segment calls in JSON Lines."""

from intake.segment.connector import read

__all__ = [
    "read",
]
