"""iCalendar files: events, recurrences and attendees."""

from intake.calendar.connector import read

__all__ = [
    "read",
]
