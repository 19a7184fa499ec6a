"""The checks of `staffel doctor`, one module per host."""
