"""The log as tables of a database."""

from streams.sql.compaction import Compaction
from streams.sql.log import SqlLog

__all__ = [
    "Compaction",
    "SqlLog",
]
