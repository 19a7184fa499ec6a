"""iCalendar files: events, recurrences and attendees."""
