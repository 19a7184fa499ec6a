"""What the oracle notes down about one account, and what it reads out of it. Keeps every line, no running sum."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.scoring.oracle.calendar import hours_between, local_day
from tests.scoring.oracle.model import Model, Stage, Track
from tests.scoring.oracle.operators import all_hold

ACCOUNT = "~account"
IDENTIFIED = "c_"
NONE = -1
"""Index of the stage that an account without a stage is in."""


@dataclass(frozen=True)
class Fact:
    id: str
    type: str
    """Without its version."""
    account: str
    time: datetime
    recorded: datetime
    contact: str | None
    content: Mapping[str, Any]

    @property
    def is_bot(self) -> bool:
        return self.content.get("bot") is True

    @property
    def is_machine(self) -> bool:
        return self.content.get("machine") is True


@dataclass(frozen=True)
class Line:
    track: str
    time: datetime
    event: str
    type: str
    contact: str
    rule: str
    points: float
    weight: float
    cut: str | None
    half_life: int | None

    def decay_factor(self, at: datetime) -> float:
        return decay_factor_after(hours_between(self.time, at), self.half_life)

    def value_at(self, at: datetime) -> float:
        return 0.0 if self.cut else self.points * self.weight * self.decay_factor(at)


@dataclass(frozen=True)
class CapUse:
    """One contribution that took room in one cap. `person` None: whoever it was."""

    owner: str
    person: str | None
    field: str | None
    window: tuple[date, date] | None


@dataclass
class Handoff:
    handoff: str
    track: str
    crossing: int
    crossed_at: datetime
    fact: str
    score: float
    route: str | None
    act_now: bool
    due_at: datetime | None
    status: str = "proposed"
    late: bool = False
    accepted: datetime | None = None
    opportunity: str | None = None
    deal_open: bool = False


@dataclass
class TrackBook:
    stage: int = NONE
    lines: list[Line] = field(default_factory=list)
    cap_uses: list[CapUse] = field(default_factory=list)
    engagements: list[tuple[str, date]] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    gated: list[dict[str, Any]] = field(default_factory=list)
    crossings: int = 0
    cooling_until: datetime | None = None
    cooling_noted: bool = False
    act_now_until: datetime | None = None


@dataclass
class AccountBook:
    account: str
    clock: datetime
    tracks: dict[str, TrackBook]
    seq: int = 0
    profile: dict[str, tuple[datetime, str, Any]] = field(default_factory=dict)
    """Field -> time, id and content of the newest fact that named it; `null` is content, too."""
    roles: dict[str, tuple[datetime, str, str | None]] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    suppressed: bool = False
    opened: set[str | None] = field(default_factory=set)
    """Opportunities that were opened, whenever; `concluded`: those whose last word is won or lost."""
    concluded: set[str | None] = field(default_factory=set)

    @property
    def known_fields(self) -> dict[str, Any]:
        return {name: value for name, (_, _, value) in self.profile.items() if value is not None}

    def person(self, contact: str | None) -> str:
        """Who a fact counts for: the contact that a joined visitor turned out to be, or the account itself."""
        if contact is None:
            return ACCOUNT
        return self.person(self.joins[contact]) if contact in self.joins else contact


def decay_factor_after(hours: int, half_life: int | None) -> float:
    """What is left of 1 after so many hours."""
    return 1.0 if half_life is None else 2.0 ** (-hours / half_life)


def weight(model: Model, book: AccountBook, person: str) -> float:
    if person == ACCOUNT:
        return 1.0
    return model.weight(book.roles[person][2] if person in book.roles else None)


def score(track: TrackBook, at: datetime) -> float:
    return math.fsum(line.value_at(at) for line in track.lines)


def sums_by_half_life(track: TrackBook, at: datetime) -> dict[int | None, float]:
    """Half-life -> what its lines are worth together at `at`."""
    half_lives = {line.half_life for line in track.lines}
    return {
        hours: math.fsum(line.value_at(at) for line in track.lines if line.half_life == hours) for hours in half_lives
    }


def unweighted_by_half_life(book: AccountBook, track: TrackBook, person: str) -> dict[int | None, float]:
    """Half-life -> what the person's own counted contributions are worth at the account's clock before weighing."""
    values: dict[int | None, list[float]] = {}
    for line in track.lines:
        if line.cut is None and line.rule != "~role" and book.person(line.contact) == person:
            values.setdefault(line.half_life, []).append(line.points * line.decay_factor(book.clock))
    return {half_life: math.fsum(values[half_life]) for half_life in sorted(values, key=_none_last)}


def fit(model: Model, book: AccountBook) -> tuple[float, str]:
    """Points and grade."""
    if not any(rule["field"] in book.known_fields for rule in model.fit_rules):
        return 0, "unknown"
    points = min(
        sum(rule["points"] for rule in model.fit_rules if _fit_rule_holds(rule, book.known_fields)), model.ceiling
    )
    reached = [(threshold, grade) for grade, threshold in model.grades.items() if points >= threshold]
    return points, max(reached)[1] if reached else "D"


def breadth(model: Model, book: AccountBook, track: TrackBook, days: int, at: datetime) -> int:
    """How many identified contacts engaged themselves today or on one of the `days` - 1 local days before."""
    today = local_day(at, model.zone)
    persons = {book.person(person) for person, day in track.engagements if today - timedelta(days=days) < day <= today}
    return sum(person.startswith(IDENTIFIED) for person in persons)


def contacts_needed(stage: Stage, known: Mapping[str, Any]) -> int:
    if stage.contacts is None:
        return 0
    if stage.small_contacts is None or not all_hold({"employees": {"below": stage.employees_below}}, known):
        return stage.contacts
    return stage.small_contacts


def has_contacts(model: Model, book: AccountBook, track: Track, stage: Stage, at: datetime) -> bool:
    days = stage.days or track.breadth_days
    return breadth(model, book, book.tracks[track.name], days, at) >= contacts_needed(stage, book.known_fields)


def _fit_rule_holds(rule: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    operators = {name: operand for name, operand in rule.items() if name not in ("field", "points")}
    return all_hold({rule["field"]: operators}, known)


def _none_last(half_life: int | None) -> float:
    return float("inf") if half_life is None else half_life
