"""Coverage-guided fuzzing of the connectors; see `python -m tests.fuzz --help`."""
