"""Measurements of the scale-out host on a broker and a database of their own, with peers. Never asserted in a test."""
