"""Control facts: they control the fold. Staffel writes them itself; from outside they are rejected."""

from typing import Any, ClassVar

from pydantic import Field

from schemas.facts.content import FactData


class ModelActivated(FactData):
    """One per partition: from this record on the whole partition is scored by this model."""

    type: ClassVar[str] = "model.activated.v1"
    model: dict[str, Any]
    version: str = Field(min_length=1)
    initial: bool | None = None
    """The first of its log; it holds at every time asked for."""
    partitions: int | None = Field(default=None, ge=1)
    """How many the log has: an account's partition follows from that number, so it stays."""
    fold: int | None = Field(default=None, ge=1)
    """The version of the fold that the log began under; without it, the first."""
    approvals: tuple[dict[str, Any], ...] = ()


class ReviewDue(FactData):
    """Time has passed at which a stage may fall; whether it does is the fold's decision."""

    type: ClassVar[str] = "review.due.v1"
    track: str | None = None


class EngagementRetracted(FactData):
    type: ClassVar[str] = "engagement.retracted.v1"
    facts: tuple[dict[str, Any], ...] | None = None
    contacts: tuple[str, ...] | None = None
    move: str | None = None
    reason: str | None = None


class EngagementReinstated(FactData):
    type: ClassVar[str] = "engagement.reinstated.v1"
    retraction: str = Field(min_length=1)


class MoveCompleted(FactData):
    type: ClassVar[str] = "move.completed.v1"
    move: str = Field(min_length=1)


class MoveCanceled(FactData):
    type: ClassVar[str] = "move.canceled.v1"
    move: str = Field(min_length=1)


FACTS = (ModelActivated, ReviewDue, EngagementRetracted, EngagementReinstated, MoveCompleted, MoveCanceled)
