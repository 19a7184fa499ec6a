"""A model compiled for the fold: rule tables by event type, slots, caps, stages. Never changes once built.

What the fold looks at for every fact are classes with slots: their attributes are read several times faster than
those of a named tuple.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.model.loading import ScoringModel
from scoring.plan.calendar import Calendar, WindowsByDay
from scoring.plan.conditions import Predicate
from scoring.plan.decay import GrowthFactors
from scoring.plan.fields import FactReader


@dataclass(frozen=True, slots=True)
class CapPlan:
    number: int
    limit: int
    per_contact: bool
    read_field: Callable[[Any], Any] | None
    """Of `and FIELD`."""
    window: str
    windows: WindowsByDay
    retention_ms: int | None
    """Milliseconds that a counter is kept after its window's end; None for ever."""
    full_reason: str
    too_late_reason: str


@dataclass(frozen=True, slots=True)
class RulePlan:
    id: str
    track: int
    slot: int
    growth_class: int
    half_life: int | None
    points: float
    field_points: Callable[[Any], float] | None
    predicate: Predicate | None
    bit: int
    """Of its kind's rules; rules that match are gathered as bits."""
    unless_bits: int
    """Bits of the rules of its kind that shut it out."""
    caps: tuple[CapPlan, ...]
    act_now: bool


@dataclass(frozen=True, slots=True)
class StagePlan:
    name: str
    enter: float
    leave: float
    grades: frozenset[str] | None
    required_contacts: int
    """How many engaged contacts are asked for, 0 where breadth is not asked."""
    breadth_days: int
    window_index: int
    """Index into the track's breadth windows."""
    small_company_employees: float | None
    small_company_contacts: int


@dataclass(frozen=True, slots=True)
class TrackPlan:
    name: str
    number: int
    slots: tuple[tuple[int, int], ...]
    """(slot, growth class): the fastest fading first, never fading last."""
    stages: tuple[StagePlan, ...]
    entry_thresholds: tuple[float, ...]
    """Thresholds of the stages, and infinity: `enters[present + 1]` is the next one."""
    handoff_stage: int
    """Index of the handoff stage; beyond the last stage where there is none."""
    when: Predicate | None
    breadth_windows: tuple[int, ...]
    """Days of the breadth windows that its stages ask for, and of the one that is shown."""
    shown_window: int
    adjustment_slot: tuple[int, int, int | None]
    """Slot, growth class and half-life of an adjustment."""


class FitPlan(NamedTuple):
    rules: tuple[tuple[Predicate, float], ...]
    readers: tuple[Callable[[Any], Any], ...]
    grades: tuple[tuple[float, str], ...]
    """Highest first."""
    ceiling: float | None


class RoutePlan(NamedTuple):
    when: Predicate | None
    to: str


@dataclass(frozen=True, slots=True)
class TypePlan:
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
    growth: GrowthFactors
    fact_reader: FactReader
    slots: tuple[tuple[int, int | None], ...]
    """slot -> (track, half-life)"""
    growth_classes: tuple[int, ...]
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
    compile_type: Callable[[str], TypePlan]
    type_plans: dict[str, TypePlan]

    def type_plan(self, type: str) -> TypePlan:
        return self.type_plans.get(type) or self.compile_type(type)

    def weight(self, role: str | None) -> float:
        """What a contact in this role weighs; `~account` weighs 1 and is not asked."""
        return self.roles.get(role, self.unknown_weight) if role is not None else self.unknown_weight
