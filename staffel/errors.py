"""Errors that end a command with a message for a person."""


class UsageError(Exception):
    """The command was called in a way that means nothing; the message says what would."""


class ProblemFound(Exception):
    """The command did its work and found a problem; the message says which."""
