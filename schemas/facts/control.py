"""Control facts: records that steer the fold and are refused from outside always. Never an engagement."""

from typing import Any, ClassVar

from pydantic import Field

from schemas.facts.content import Content


class ModelActivated(Content):
    """One per partition: from this record on the whole partition is scored by this model."""

    type: ClassVar[str] = "model.activated.v1"
    model: dict[str, Any]
    version: str = Field(min_length=1)
    initial: bool | None = None
    """The first of its log; it holds at every time asked for."""
    partitions: int | None = Field(default=None, ge=1)
    """How many the log has: an account's partition follows from that number, so it stays."""
    approvals: tuple[dict[str, Any], ...] = ()


class ReviewDue(Content):
    """Time has passed at which a stage may fall; whether it does is the fold's decision."""

    type: ClassVar[str] = "review.due.v1"
    track: str | None = None


class EngagementRetracted(Content):
    type: ClassVar[str] = "engagement.retracted.v1"
    facts: tuple[dict[str, Any], ...] | None = None
    contacts: tuple[str, ...] | None = None
    move: str | None = None
    reason: str | None = None


class EngagementReinstated(Content):
    type: ClassVar[str] = "engagement.reinstated.v1"
    retraction: str = Field(min_length=1)


class MoveCompleted(Content):
    type: ClassVar[str] = "move.completed.v1"
    move: str = Field(min_length=1)


class MoveCanceled(Content):
    type: ClassVar[str] = "move.canceled.v1"
    move: str = Field(min_length=1)


FACTS = (ModelActivated, ReviewDue, EngagementRetracted, EngagementReinstated, MoveCompleted, MoveCanceled)
