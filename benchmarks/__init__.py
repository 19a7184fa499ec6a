"""Measurements of the product's own functions. Never asserted in a test."""
