"""A model compiled for the fold: rule tables by event type, slots, caps, stages. Never changes once built.

What the fold looks at for every fact are classes with slots: their attributes are read several times faster than
those of a named tuple.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.model.loading import ScoringModel
from scoring.plan.calendar import Calendar, Windows
from scoring.plan.conditions import Test
from scoring.plan.decay import Growth
from scoring.plan.fields import Fields


@dataclass(frozen=True, slots=True)
class CapPlan:
    number: int
    limit: int
    per_contact: bool
    read: Callable[[Any], Any] | None
    """Of `and FIELD`."""
    window: str
    windows: Windows
    keep: int | None
    """Milliseconds that a counter is kept after its window's end; None for ever."""
    full: str
    too_late: str


@dataclass(frozen=True, slots=True)
class RulePlan:
    id: str
    track: int
    slot: int
    growth: int
    half_life: int | None
    points: float
    field_points: Callable[[Any], float] | None
    test: Test | None
    bit: int
    """Of its kind's rules; rules that match are gathered as bits."""
    unless: int
    """Bits of the rules of its kind that shut it out."""
    caps: tuple[CapPlan, ...]
    act_now: bool


@dataclass(frozen=True, slots=True)
class StagePlan:
    name: str
    enter: float
    leave: float
    grades: frozenset[str] | None
    contacts: int
    """How many engaged contacts are asked for, 0 where breadth is not asked."""
    days: int
    window: int
    """Index into the track's breadth windows."""
    small_below: float | None
    small_contacts: int


@dataclass(frozen=True, slots=True)
class TrackPlan:
    name: str
    number: int
    slots: tuple[tuple[int, int], ...]
    """(slot, growth class): the fastest fading first, never fading last."""
    stages: tuple[StagePlan, ...]
    enters: tuple[float, ...]
    """Thresholds of the stages, and infinity: `enters[present + 1]` is the next one."""
    handoff: int
    """Index of the handoff stage; beyond the last stage where there is none."""
    when: Test | None
    windows: tuple[int, ...]
    """Days of the breadth windows that its stages ask for, and of the one that is shown."""
    shown: int
    adjusted: tuple[int, int, int | None]
    """Slot, growth class and half-life of an adjustment."""


class FitPlan(NamedTuple):
    rules: tuple[tuple[Test, float], ...]
    reads: tuple[Callable[[Any], Any], ...]
    grades: tuple[tuple[float, str], ...]
    """Highest first."""
    ceiling: float | None


class RoutePlan(NamedTuple):
    when: Test | None
    to: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What the model does with one type of fact."""

    name: str
    rules: tuple[RulePlan, ...]
    engagement: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`kind_of` takes a type with its version; `by_version` keeps what it answered."""

    model: ScoringModel
    version: str
    calendar: Calendar
    growth: Growth
    fields: Fields
    slots: tuple[tuple[int, int | None], ...]
    """slot -> (track, half-life)"""
    classes: tuple[int, ...]
    """slot -> growth class"""
    tracks: tuple[TrackPlan, ...]
    caps: tuple[CapPlan, ...]
    fit: FitPlan | None
    routes: tuple[RoutePlan, ...]
    profile_fields: frozenset[str]
    roles: dict[str, float]
    unknown_weight: float
    cooldown: int
    """Milliseconds."""
    act_now_hold: int
    """Milliseconds."""
    kind_of: Callable[[str], Kind]
    by_version: dict[str, Kind]

    def kind(self, type: str) -> Kind:
        return self.by_version.get(type) or self.kind_of(type)

    def weight(self, role: str | None) -> float:
        """What a contact in this role weighs; `~account` weighs 1 and is not asked."""
        return self.roles.get(role, self.unknown_weight) if role is not None else self.unknown_weight
