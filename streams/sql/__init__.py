"""The log as tables of a database."""

from streams.sql.compaction import Compaction
from streams.sql.log import ChecksumMismatch, SqlLog

__all__ = [
    "ChecksumMismatch",
    "Compaction",
    "SqlLog",
]
