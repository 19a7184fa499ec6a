"""Facts of the family handoff: decisions of sales, and expiry. Handoffs themselves are in `handoff_events`."""

from typing import ClassVar

from pydantic import Field

from schemas.facts.content import FactData


class HandoffAcceptance(FactData):
    type: ClassVar[str] = "handoff.accepted.v1"
    handoff: str = Field(min_length=1)
    by: str | None = None
    reason: str | None = None
    note: str | None = None


class HandoffRejection(FactData):
    type: ClassVar[str] = "handoff.rejected.v1"
    handoff: str = Field(min_length=1)
    by: str | None = None
    reason: str | None = None
    note: str | None = None


class HandoffExpiry(FactData):
    type: ClassVar[str] = "handoff.expired.v1"
    handoff: str = Field(min_length=1)
    by: str | None = None
    reason: str | None = None


class HandoffRecycling(FactData):
    type: ClassVar[str] = "handoff.recycled.v1"
    handoff: str = Field(min_length=1)
    by: str | None = None
    reason: str | None = None
    note: str | None = None


class HandoffConversion(FactData):
    type: ClassVar[str] = "handoff.converted.v1"
    handoff: str = Field(min_length=1)
    by: str | None = None
    reason: str | None = None
    note: str | None = None
    opportunity: str | None = None


class HandoffAssignment(FactData):
    type: ClassVar[str] = "handoff.assigned.v1"
    handoff: str = Field(min_length=1)
    to: str = Field(min_length=1)
    by: str | None = None
    note: str | None = None


FACTS = (
    HandoffAcceptance,
    HandoffRejection,
    HandoffExpiry,
    HandoffRecycling,
    HandoffConversion,
    HandoffAssignment,
)
