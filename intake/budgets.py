"""Budgets: how much of an input is read before it is rejected as `too_large` or `too_complex`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Limits of one file. Beyond a limit the item is rejected with its place, and its neighbours are read on."""

    line_bytes: int = 1 << 20
    access_log_line_bytes: int = 16 << 10
    header_value_chars: int = 4_096
    """Of one header value of a mail; the rest is cut off before any pattern sees it."""
    header_bytes: int = 256 << 10
    """Of all headers of a mail."""
    part_bytes: int = 1 << 20
    """Of one part of a mail."""
    mail_parts: int = 500
    """Of a mail, all that have no further parts."""
    mail_nesting: int = 20
    """Of multiparts of a mail."""
    unpacked_bytes: int = 16 << 30
    """Of a compressed file, unpacked."""
    document_bytes: int = 64 << 20
    """Of a file that is read as a whole."""
    items: int = 50_000_000
    attendees: int = 2_000
    """Of one meeting."""
    occurrences_per_series: int = 5_000
    occurrences_per_organizer: int = 50_000
    occurrences: int = 200_000
    """Of all recurring meetings of a calendar. An occurrence counts once for each attendee from outside."""
    seconds_per_organizer: float = 20.0
    seconds: float = 600.0
    """Of processor time that recurring meetings of a calendar may take."""


DEFAULT_BUDGETS = Budgets()
