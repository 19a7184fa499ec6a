"""Findings of `staffel doctor`, one module per host."""
