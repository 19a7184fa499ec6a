"""Folding one partition of `engagement` into `scores`."""
