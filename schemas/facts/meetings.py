"""Facts of the family meeting, from booking to what came of it. Never who was there by name."""

from typing import ClassVar

from schemas.facts.content import Content, Quantity


class Booked(Content):
    type: ClassVar[str] = "meeting.booked.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None
    """How many, or their pseudonyms."""


class Held(Content):
    type: ClassVar[str] = "meeting.held.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


class Canceled(Content):
    type: ClassVar[str] = "meeting.canceled.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


class Missed(Content):
    type: ClassVar[str] = "meeting.missed.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


FACTS = (Booked, Held, Canceled, Missed)
