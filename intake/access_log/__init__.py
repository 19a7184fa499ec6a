"""Web server logs: page views, from the NCSA formats, the servers' own format strings, and JSON lines."""

from intake.access_log.connector import is_log_line, read
from intake.access_log.formats import LogFormat, parse_format

__all__ = [
    "LogFormat",
    "is_log_line",
    "parse_format",
    "read",
]
