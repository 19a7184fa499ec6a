"""A model's YAML content as the oracle reads it: rules, caps, stages with their defaults filled in. Checks nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.scoring.oracle.calendar import HOUR, read_duration
from tests.scoring.oracle.operators import is_number, look_up

NEVER_FADES = None
_CAP = re.compile(r"(\d+) per (contact|account)(?: and (\S+))? (?:per )?(day|week|month|quarter|ever)")


@dataclass(frozen=True)
class Cap:
    owner: str
    """What a line names: the rule's id, or `limits[n]`."""
    text: str
    count: int
    per: str
    field: str | None
    window: str
    half_life: int | None
    """Of the slowest rule under the cap, in hours."""


@dataclass(frozen=True)
class Rule:
    id: str
    types: tuple[str, ...]
    where: Mapping[str, Any]
    points: Any
    half_life: int | None
    unless: tuple[str, ...]
    act_now: bool
    caps: tuple[Cap, ...] = ()

    def points_for(self, content: Mapping[str, Any]) -> float:
        """A number as it stands; `{field, times, up_to}`: the field times `times`, no larger than `up_to`."""
        if not isinstance(self.points, Mapping):
            return self.times
        value = look_up(content, self.points["field"])
        if not is_number(value) or value < 0:
            return 0
        size: float = min(value * abs(self.times), self.points.get("up_to", float("inf")))
        return size if self.times > 0 else -size

    @property
    def times(self) -> float:
        """What a unit of the field is worth; of plain points the points."""
        times: float = self.points.get("times", 1) if isinstance(self.points, Mapping) else self.points
        return times

    @property
    def is_positive(self) -> bool:
        return self.times > 0


@dataclass(frozen=True)
class Stage:
    name: str
    enter: float
    leave: float
    fit: tuple[str, ...] | None
    contacts: int | None
    days: int | None
    employees_below: float | None
    small_contacts: int | None


@dataclass(frozen=True)
class Track:
    name: str
    rules: tuple[Rule, ...]
    stages: tuple[Stage, ...]
    handoff: int | None
    """Index of the handoff stage."""
    when: Mapping[str, Any]

    @property
    def half_life(self) -> int | None:
        """Of its slowest positive rule."""
        return slowest([rule.half_life for rule in self.rules if rule.is_positive])

    @property
    def breadth_days(self) -> int:
        """The window of the breadth that is shown: the handoff stage's, else the highest stage's that has one."""
        stages = list(self.stages)
        if self.handoff is not None:
            stages.append(self.stages[self.handoff])
        return next((stage.days for stage in reversed(stages) if stage.days is not None), 90)


@dataclass(frozen=True)
class Model:
    zone: ZoneInfo
    roles: Mapping[str, float]
    fit_rules: tuple[Mapping[str, Any], ...]
    grades: Mapping[str, float]
    ceiling: float
    tracks: tuple[Track, ...]
    act_now_hold: timedelta
    cooldown: timedelta
    handoff: Mapping[str, Any]
    """As written: service level and routes."""
    timezone: str

    def weight(self, role: str | None) -> float:
        """Of a role; one that the model does not name weighs as `unknown`, else 1."""
        unknown = self.roles.get("unknown", 1)
        return float(unknown if role is None else self.roles.get(role, unknown))


def read_model(content: Mapping[str, Any]) -> Model:
    fit, handoff = content.get("fit") or {}, content.get("handoff") or {}
    return Model(
        zone=ZoneInfo(content.get("timezone", "UTC")),
        roles=content.get("roles", {}),
        fit_rules=tuple(fit.get("rules", ())),
        grades=fit.get("grades", {"A": 80, "B": 50, "C": 20}),
        ceiling=fit.get("ceiling", float("inf")),
        tracks=tuple(_read_track(name, track) for name, track in content["tracks"].items()),
        act_now_hold=read_duration(handoff.get("act_now_hold", "30d")),
        cooldown=read_duration(handoff.get("recycle_cooldown", "30d")),
        handoff=handoff,
        timezone=content.get("timezone", "UTC"),
    )


def slowest(half_lives: list[int | None]) -> int | None:
    """The longest one; never fading is slower than all, and no half-life at all means never fading, too."""
    if NEVER_FADES in half_lives or not half_lives:
        return NEVER_FADES
    return max(hours for hours in half_lives if hours is not None)


def _read_track(name: str, content: Mapping[str, Any]) -> Track:
    rules_without_caps = [_read_rule(rule, content.get("half_life", "none")) for rule in content.get("rules", ())]
    limits = list(enumerate(content.get("limits", ())))
    rules = tuple(
        _with_caps(rule, own, limits, rules_without_caps)
        for rule, own in zip(rules_without_caps, content.get("rules", ()), strict=True)
    )
    stages = tuple(_read_stage(stage) for stage in content.get("stages", ()))
    handoff = next((n for n, stage in enumerate(content.get("stages", ())) if stage.get("handoff")), None)
    return Track(name, rules, stages, handoff, content.get("when", {}))


def _read_rule(content: Mapping[str, Any], default: str) -> Rule:
    half_life = content.get("half_life", default)
    return Rule(
        id=content["id"],
        types=_as_tuple(content["on"]),
        where=content.get("where", {}),
        points=content["points"],
        half_life=NEVER_FADES if half_life == "none" else read_duration(half_life) // HOUR,
        unless=_as_tuple(content.get("unless", [])),
        act_now=content.get("act_now", False),
    )


def _with_caps(
    rule: Rule, content: Mapping[str, Any], limits: list[tuple[int, Mapping[str, Any]]], rules: list[Rule]
) -> Rule:
    """The rule with its own cap first, then the limits that name it, in their order."""
    own = [_read_cap(rule.id, content["at_most"], rule.half_life)] if "at_most" in content else []
    shared = [
        _read_cap(f"limits[{n}]", limit["at_most"], slowest([r.half_life for r in rules if r.id in limit["rules"]]))
        for n, limit in limits
        if rule.id in limit["rules"]
    ]
    return replace(rule, caps=(*own, *shared))


def _read_cap(owner: str, text: str, half_life: int | None) -> Cap:
    parts = _CAP.fullmatch(text)
    if parts is None:
        raise ValueError(f"no cap: {text}")
    count, per, field, window = parts.groups()
    return Cap(owner, text, int(count), per, field, window, half_life)


def _read_stage(content: Mapping[str, Any]) -> Stage:
    contacts, days = content["contacts"].split(" within ") if "contacts" in content else (None, None)
    small = content.get("small_company", {})
    return Stage(
        name=content["name"],
        enter=content["enter"],
        leave=content["leave"],
        fit=tuple(content["fit"]) if "fit" in content else None,
        contacts=int(contacts) if contacts else None,
        days=read_duration(days) // timedelta(days=1) if days else None,
        employees_below=small.get("employees_below"),
        small_contacts=small.get("contacts"),
    )


def _as_tuple(content: Any) -> tuple[str, ...]:
    return (content,) if isinstance(content, str) else tuple(content)
