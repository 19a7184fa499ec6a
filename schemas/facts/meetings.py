"""Facts of the family meeting, from booking to outcome; attendees are pseudonyms or a count."""

from typing import ClassVar

from schemas.facts.content import FactData, Quantity


class MeetingBooked(FactData):
    type: ClassVar[str] = "meeting.booked.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None
    """How many, or their pseudonyms."""


class MeetingHeld(FactData):
    type: ClassVar[str] = "meeting.held.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


class MeetingCanceled(FactData):
    type: ClassVar[str] = "meeting.canceled.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


class MeetingMissed(FactData):
    type: ClassVar[str] = "meeting.missed.v1"
    meeting: str | None = None
    title: str | None = None
    starts_at: str | None = None
    minutes: Quantity | None = None
    attendees: int | tuple[str, ...] | None = None


FACTS = (MeetingBooked, MeetingHeld, MeetingCanceled, MeetingMissed)
