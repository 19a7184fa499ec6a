"""Records of the topics `sqa-handoffs` and `suppressions`, as CloudEvents. Persons are pseudonyms.

On `sqa-handoffs`, handoffs and their steps. On `suppressions`, whom marketing leaves out of campaigns, because sales
talks with them or for other reasons: a contact is suppressed while any suppression of it, or of its account as a whole
(`contact` is null), has started and not ended. They end one by one: two reasons at once need two ends.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

ASKED = "asked"
WITH_SALES = "with_sales"
DISMISSED = "dismissed"
ERASED = "erased"
SUPPRESSION_STARTED = "suppression.started.v1"
SUPPRESSION_ENDED = "suppression.ended.v1"


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


class SuppressionEvent(BaseModel):
    """The data of one event on `suppressions`; times are `2026-01-05T09:12:00.000Z`."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, use_attribute_docstrings=True)

    type: ClassVar[str]
    suppression: str
    """Its id: what ended is what started under the same id."""
    account: str
    contact: str | None
    """A pseudonym; null is the whole account."""
    reason: str
    """`asked`: unsubscribed, complained, or told so. `with_sales`: sales talks with them. `dismissed`: sales rejected
    the account. `erased`: the person was forgotten; this one never ends. More may come."""
    since: str
    cause: str
    """Id of the fact that started it, or that ended it."""
    cause_type: str
    """Type of that fact, without version."""
    handoff: str | None = None
    """The handoff that sales talks about, or rejected."""


class SuppressionStarted(SuppressionEvent):
    """Leave the contact, or the account, out of campaigns from now on."""

    type: ClassVar[str] = SUPPRESSION_STARTED
    until: str | None = None
    """It is over then, even if no end has come: its end is told with the next engagement."""


class SuppressionEnded(SuppressionEvent):
    """This reason is gone; another one may still hold."""

    type: ClassVar[str] = SUPPRESSION_ENDED
    ended_at: str


SUPPRESSION_EVENTS: dict[str, type[SuppressionEvent]] = {
    event.type: event for event in (SuppressionStarted, SuppressionEnded)
}
"""`suppression.started.v1` -> the class of its data."""
