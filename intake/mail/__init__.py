"""Mailboxes: messages, threads, bounces and automatic answers."""

from intake.mail.connector import read
from intake.mail.threads import index_threads

__all__ = [
    "index_threads",
    "read",
]
