"""Web server logs: page views, from the NCSA formats, the servers' own format strings, and JSON lines."""

from intake.access_log.connector import read
from intake.access_log.formats import LogFormat, parse_format

__all__ = [
    "LogFormat",
    "parse_format",
    "read",
]
