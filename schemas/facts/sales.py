"""Facts of the families opportunity, nps and score: opportunities, survey answers, manual adjustments."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.facts.content import FactData, Number


class OpportunityOpened(FactData):
    type: ClassVar[str] = "opportunity.opened.v1"
    opportunity: str | None = None
    handoff: str | None = None
    """The accepted handoff that it came from."""
    stage: str | None = None
    amount: Number | None = None
    currency: str | None = None
    reason: str | None = None


class OpportunityAdvanced(FactData):
    type: ClassVar[str] = "opportunity.advanced.v1"
    opportunity: str | None = None
    stage: str | None = None
    amount: Number | None = None
    currency: str | None = None
    reason: str | None = None


class OpportunityWon(FactData):
    type: ClassVar[str] = "opportunity.won.v1"
    opportunity: str | None = None
    handoff: str | None = None
    """The accepted handoff that it came from."""
    stage: str | None = None
    amount: Number | None = None
    currency: str | None = None
    reason: str | None = None


class OpportunityLost(FactData):
    type: ClassVar[str] = "opportunity.lost.v1"
    opportunity: str | None = None
    stage: str | None = None
    amount: Number | None = None
    currency: str | None = None
    reason: str | None = None


class NpsAnsweredV1(FactData):
    """The first version took any number; see `upcasters`."""

    type: ClassVar[str] = "nps.answered.v1"
    score: Number


class NpsAnswered(FactData):
    type: ClassVar[str] = "nps.answered.v2"
    score: Annotated[Number, Field(ge=0, le=10)]
    comment: str | None = None


class ScoreAdjusted(FactData):
    """Points that a person gives or takes; they fade as slowly as anything in the track."""

    type: ClassVar[str] = "score.adjusted.v1"
    track: str = Field(min_length=1)
    points: Number
    author: str | None = None
    reason: str | None = None


FACTS = (
    OpportunityOpened,
    OpportunityAdvanced,
    OpportunityWon,
    OpportunityLost,
    NpsAnsweredV1,
    NpsAnswered,
    ScoreAdjusted,
)
