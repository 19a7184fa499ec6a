"""Recomputes history from the log: replay, verify, explain. Only reads."""
