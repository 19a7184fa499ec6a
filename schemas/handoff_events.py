"""Records of the topic `sqa-handoffs`: handoffs and their steps, as CloudEvents. Persons are pseudonyms."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class HandoffEvent(BaseModel):
    """The data of one event on `sqa-handoffs`; times are `2026-01-05T09:12:00.000Z`."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, use_attribute_docstrings=True)

    type: ClassVar[str]
    handoff: str
    """`<account>/<track>/<crossing>`"""
    account: str
    track: str
    crossing: int = Field(ge=1)


class Reason(BaseModel):
    """What a contact did by one rule, in points at the crossing."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    rule: str
    contact: str
    points: float


class Position(BaseModel):
    """Where the crossing stands: replay the partition up to this seq of the account and see the same."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    topic: str
    partition: int
    account_seq: int


class HandoffProposed(HandoffEvent):
    """Frozen evidence: what was known when the account crossed."""

    type: ClassVar[str] = "sqa.handoff_proposed.v1"
    crossed_at: str
    score: float
    model: str
    """Version of the model."""
    route: str | None = None
    act_now: bool = False
    due_at: str | None = None
    reasons: tuple[Reason, ...] = ()
    """What counted most, the largest first."""
    cause_type: str | None = None
    """Type of the fact that caused the crossing, without version."""
    cause_time: str | None = None
    """When that happened."""
    recorded_at: str | None = None
    """When it was recorded."""
    evidence_until: str | None = None
    """When the newest contribution behind the reasons happened."""
    people: tuple[str, ...] = ()
    """Pseudonyms, by their part in the score."""
    facts: tuple[str, ...] = ()
    """Ids of the facts behind the reasons, the newest last."""
    position: Position | None = None


class HandoffStepEvent(HandoffEvent):
    """One decision, or the lack of it."""

    at: str
    recorded_at: str | None = None
    """When the fact that decided was recorded."""
    fact: str | None = None
    """Id of the fact that decided."""
    by: str | None = None
    reason: str | None = None
    opportunity: str | None = None
    late: bool = False
    """Accepted after it had expired."""


class HandoffAccepted(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_accepted.v1"


class HandoffRejected(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_rejected.v1"


class HandoffExpired(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_expired.v1"


class HandoffWithdrawn(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_withdrawn.v1"


class HandoffRecycled(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_recycled.v1"


class HandoffConverted(HandoffStepEvent):
    type: ClassVar[str] = "sqa.handoff_converted.v1"


HANDOFF_EVENTS: dict[str, type[HandoffEvent]] = {
    event.type: event
    for event in (
        HandoffProposed,
        HandoffAccepted,
        HandoffRejected,
        HandoffExpired,
        HandoffWithdrawn,
        HandoffRecycled,
        HandoffConverted,
    )
}
"""`sqa.handoff_proposed.v1` -> the class of its data."""
