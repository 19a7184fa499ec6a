"""A plan: a model compiled for the fold, with rules by event type, slots, caps and stages. Immutable.

What the fold reads for every fact are classes with slots: reading their attributes is several times faster than
those of named tuples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.model.loading import Route, ScoringModel
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
    """Reads the field of `and FIELD`."""
    window: str
    windows: WindowsByDay
    retention_ms: int | None
    """How long a counter is kept after the end of its window; None means without end."""
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
    """Its bit among the rules of the fact type; matching rules are collected as bits."""
    unless_bits: int
    """Bits of the rules that exclude it."""
    caps: tuple[CapPlan, ...]
    act_now: bool


@dataclass(frozen=True, slots=True)
class StagePlan:
    name: str
    enter: float
    leave: float
    grades: frozenset[str] | None
    required_contacts: int
    """How many engaged contacts the stage requires; 0 means none."""
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
    """(slot, growth class), by ascending half-life; the one without decay is last."""
    stages: tuple[StagePlan, ...]
    entry_thresholds: tuple[float, ...]
    """Thresholds of the stages, then infinity: `entry_thresholds[stage + 1]` is the next one."""
    handoff_stage: int
    """Index of the handoff stage; beyond the last stage if there is none."""
    when: Predicate | None
    breadth_windows: tuple[int, ...]
    """Days of the breadth windows that its stages require, and of the displayed one."""
    shown_window: int
    adjustment_slot: tuple[int, int, int | None]
    """Slot, growth class and half-life of an adjustment."""

    def is_closed_for(self, profile: dict[str, Any]) -> bool:
        """Whether its `when` does not hold: no stage is entered or kept (scoring.md 8)."""
        return self.when is not None and not self.when(profile)


class FitPlan(NamedTuple):
    rules: tuple[tuple[Predicate, float], ...]
    readers: tuple[Callable[[Any], Any], ...]
    grades: tuple[tuple[float, str], ...]
    """Highest first."""
    ceiling: float | None


class RoutePlan(NamedTuple):
    when: Predicate | None
    route: Route


@dataclass(frozen=True, slots=True)
class TypePlan:
    """What the model does with one type of fact; `name` is the type without version."""

    name: str
    rules: tuple[RulePlan, ...]
    act_of_person: bool
    """Whether it is an engagement event, unless a bot or a machine made it (scoring.md 19)."""
    engages: bool
    """Whether a contact that earns points by it counts as engaged (scoring.md 18)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`compile_type` takes a type with version; `type_plans` caches its results."""

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
        """The weight of a contact in this role. `~account` always weighs 1, without this method."""
        return self.roles.get(role, self.unknown_weight) if role is not None else self.unknown_weight
