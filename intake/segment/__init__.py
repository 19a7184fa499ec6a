"""Segment calls in JSON Lines."""
