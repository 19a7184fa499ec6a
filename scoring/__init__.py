"""Scoring: the model, its plan, and the fold. Pure: no I/O, no clock, no random numbers, no logging."""
