"""Records of the topic `sqa-handoffs`: handoffs and their steps, as CloudEvents for other systems. Only pseudonyms."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

SOURCE = "staffel"


class Published(BaseModel):
    """The data of one event on `sqa-handoffs`; times are `2026-01-05T09:12:00.000Z`."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    type: ClassVar[str]
    handoff: str = Field(description="`<account>/<track>/<crossing>`")
    account: str
    track: str
    crossing: int = Field(ge=1)


class Reason(BaseModel):
    """What a contact did by one rule, in points at the crossing."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    rule: str
    contact: str
    points: float
    facts: tuple[str, ...] = Field(default=(), description="ids of the facts that count")


class Position(BaseModel):
    """Where in the log the crossing stands: replay up to there and see the same."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    seq: int
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class HandoffProposed(Published):
    """Frozen evidence: what was known when the account crossed."""

    type: ClassVar[str] = "sqa.handoff_proposed.v1"
    crossed_at: str
    score: float
    model: str = Field(description="version of the model")
    route: str | None = None
    act_now: bool = False
    due_at: str | None = None
    fact: str | None = Field(default=None, description="id of the fact that crossed")
    fit: dict[str, Any] | None = None
    reasons: tuple[Reason, ...] = ()
    contacts: tuple[str, ...] = ()
    position: Position | None = None


class HandoffAccepted(Published):
    type: ClassVar[str] = "sqa.handoff_accepted.v1"
    at: str
    by: str | None = None
    reason: str | None = None
    late: bool = Field(default=False, description="accepted after it had expired")


class HandoffRejected(Published):
    type: ClassVar[str] = "sqa.handoff_rejected.v1"
    at: str
    by: str | None = None
    reason: str | None = None


class HandoffExpired(Published):
    type: ClassVar[str] = "sqa.handoff_expired.v1"
    at: str


class HandoffWithdrawn(Published):
    type: ClassVar[str] = "sqa.handoff_withdrawn.v1"
    at: str
    reason: str | None = None


class HandoffRecycled(Published):
    type: ClassVar[str] = "sqa.handoff_recycled.v1"
    at: str
    by: str | None = None
    reason: str | None = None


class HandoffConverted(Published):
    type: ClassVar[str] = "sqa.handoff_converted.v1"
    at: str
    by: str | None = None
    opportunity: str | None = None


EVENTS: dict[str, type[Published]] = {
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
