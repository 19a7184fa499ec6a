"""Errors that end a command with a message for a person."""


class UsageError(Exception):
    """The command line or a setting is invalid; the message says what is valid."""


class ProblemFound(Exception):
    """The command did its work and found a problem, which the message names."""
