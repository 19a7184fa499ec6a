"""From a checked model to the tables of the fold. Never judges whether a model is sensible: `model` does."""

import re
from dataclasses import replace
from functools import partial
from math import inf

from schemas.facts.registry import ENGAGEMENT_FAMILIES, family
from scoring.model.loading import Cap, FieldPoints, FitModel, Limit, Rule, ScoringModel, Stage, Track
from scoring.plan.calendar import Calendar, Windows, calendar_of
from scoring.plan.conditions import compile_condition, compile_fields, reading, walk
from scoring.plan.decay import HOUR, Growth
from scoring.plan.fields import Fields
from scoring.plan.plan import CapPlan, FitPlan, Kind, Plan, RoutePlan, RulePlan, StagePlan, TrackPlan

KEPT_HALF_LIVES = 10
WINDOWS = ("day", "week", "month", "quarter", "ever")
SHOWN_DAYS = 90
PROFILE_FIELDS = frozenset(
    "name domains industry employees revenue country segment owner customer target parent".split()
)
_VERSION = re.compile(r"\.v\d+$")
_TYPES_KEPT = 10_000

HalfLife = int | None
RuleWithPlan = tuple[Rule, RulePlan]


def compile_model(model: ScoringModel, version: str) -> Plan:
    tracks = list(model.tracks.values())
    slots = tuple((t, hours) for t, track in enumerate(tracks) for hours in half_lives(track))
    lives = list(dict.fromkeys(hours for _, hours in slots))
    classes = tuple(lives.index(hours) for _, hours in slots)
    fields, calendar = Fields(model), calendar_of(model.timezone)
    caps = compile_caps(tracks, fields, calendar)
    rules = [
        (rule, compile_rule(rule, t, track, slots, classes, fields, caps))
        for t, track in enumerate(tracks)
        for rule in track.rules
    ]
    by_version: dict[str, Kind] = {}
    return Plan(
        model=model,
        version=version,
        calendar=calendar,
        growth=Growth(lives),
        fields=fields,
        slots=slots,
        classes=classes,
        tracks=tuple(compile_track(t, name, model.tracks[name], slots, classes) for t, name in enumerate(model.tracks)),
        caps=tuple(caps.values()),
        fit=compile_fit(model.fit) if model.fit else None,
        routes=tuple(
            RoutePlan(compile_fields(dict(route.when)) if route.when else None, route.to)
            for route in model.handoff.routes
        ),
        profile_fields=PROFILE_FIELDS | account_fields(model),
        roles=dict(model.roles),
        unknown_weight=model.roles.get("unknown", 1.0),
        cooldown=model.handoff.recycle_cooldown * HOUR,
        act_now_hold=model.handoff.act_now_hold * HOUR,
        kind_of=partial(kind_of, by_version, rules),
        by_version=by_version,
    )


def kind_of(by_version: dict[str, Kind], rules: list[RuleWithPlan], type: str) -> Kind:
    if len(by_version) >= _TYPES_KEPT:
        by_version.clear()
    name = _VERSION.sub("", type)
    named = [(rule, plan) for rule, plan in rules if name in rule.on]
    bits = {rule.id: 1 << i for i, (rule, _) in enumerate(named)}
    tables = tuple(
        replace(plan, bit=bits[rule.id], unless=sum(bits.get(other, 0) for other in rule.unless))
        for rule, plan in named
    )
    kind = by_version[type] = Kind(name, tables, family(name) in ENGAGEMENT_FAMILIES)
    return kind


def compile_rule(
    rule: Rule,
    t: int,
    track: Track,
    slots: tuple[tuple[int, HalfLife], ...],
    classes: tuple[int, ...],
    fields: Fields,
    caps: dict[str, CapPlan],
) -> RulePlan:
    slot = slots.index((t, rule.half_life))
    names = [rule.id] + [limit_name(t, i) for i, limit in enumerate(track.limits) if rule.id in limit.rules]
    return RulePlan(
        rule.id,
        t,
        slot,
        classes[slot],
        rule.half_life,
        0.0 if isinstance(rule.points, FieldPoints) else rule.points,
        fields.points(rule.points) if isinstance(rule.points, FieldPoints) else None,
        fields.test(dict(rule.where)),
        0,
        0,
        tuple(caps[name] for name in names if name in caps),
        rule.act_now,
    )


def compile_caps(tracks: list[Track], fields: Fields, calendar: Calendar) -> dict[str, CapPlan]:
    """By rule id, and by `limit_name`; a rule's own cap is asked before the limits it stands in."""
    caps: dict[str, CapPlan] = {}
    windows = {kind: Windows(kind, calendar) for kind in WINDOWS}
    for t, track in enumerate(tracks):
        for rule in track.rules:
            if rule.at_most:
                caps[rule.id] = compile_cap(len(caps), rule.id, rule.at_most, [rule], fields, windows)
        for i, limit in enumerate(track.limits):
            under = rules_under(limit, track)
            caps[limit_name(t, i)] = compile_cap(len(caps), f"limits[{i}]", limit.at_most, under, fields, windows)
    return caps


def compile_cap(
    index: int, name: str, cap: Cap, rules: list[Rule], fields: Fields, windows: dict[str, Windows]
) -> CapPlan:
    slowest = slowest_half_life(rules)
    return CapPlan(
        index,
        cap.n,
        cap.per == "contact",
        fields.reader(cap.field) if cap.field else None,
        cap.window,
        windows[cap.window],
        None if slowest is None else slowest * KEPT_HALF_LIVES * HOUR,
        f"{name}: {cap.text}",
        f"{name}: too late to count",
    )


def limit_name(t: int, i: int) -> str:
    return f"{t} limits[{i}]"


def rules_under(limit: Limit, track: Track) -> list[Rule]:
    return [rule for rule in track.rules if rule.id in limit.rules]


def slowest_half_life(rules: list[Rule]) -> HalfLife:
    lives = [rule.half_life for rule in rules]
    return None if None in lives or not lives else max(hours for hours in lives if hours is not None)


def compile_track(
    t: int, name: str, track: Track, slots: tuple[tuple[int, HalfLife], ...], classes: tuple[int, ...]
) -> TrackPlan:
    shown = shown_days(track)
    windows = tuple(dict.fromkeys([stage.contacts.days for stage in track.stages if stage.contacts] + [shown]))
    adjusted = adjusted_half_life(track)
    slot = slots.index((t, adjusted))
    return TrackPlan(
        name,
        t,
        tuple((slot, classes[slot]) for slot, (owner, _) in enumerate(slots) if owner == t),
        tuple(compile_stage(stage, windows) for stage in track.stages),
        (*(stage.enter for stage in track.stages), inf),
        next((i for i, stage in enumerate(track.stages) if stage.handoff), len(track.stages)),
        compile_fields(dict(track.when)) if track.when else None,
        windows,
        windows.index(shown),
        (slot, classes[slot], adjusted),
    )


def compile_stage(stage: Stage, windows: tuple[int, ...]) -> StagePlan:
    breadth, small = stage.contacts, stage.small_company
    return StagePlan(
        stage.name,
        stage.enter,
        stage.leave,
        frozenset(stage.fit) if stage.fit is not None else None,
        breadth.contacts if breadth else 0,
        breadth.days if breadth else 0,
        windows.index(breadth.days) if breadth else 0,
        small.employees_below if small else None,
        small.contacts if small else 0,
    )


def shown_days(track: Track) -> int:
    """The breadth that is shown: the handoff stage's window, else that of the highest stage with one, else 90 days."""
    asking = [stage for stage in track.stages if stage.contacts]
    chosen = [stage for stage in asking if stage.handoff] or asking
    return chosen[-1].contacts.days if chosen and chosen[-1].contacts else SHOWN_DAYS


def adjusted_half_life(track: Track) -> HalfLife:
    """scoring.md 15: the slowest of the track's positive rules, never fading where one of them never fades."""
    return slowest_half_life([rule for rule in track.rules if rule.is_positive])


def half_lives(track: Track) -> list[HalfLife]:
    """The distinct half-lives of a track in hours, rising, never fading last."""
    lives = {rule.half_life for rule in track.rules} | {adjusted_half_life(track)}
    return sorted(lives, key=lambda hours: (hours is None, hours or 0))


def compile_fit(fit: FitModel) -> FitPlan:
    reads = [walk(tuple(rule.field.split("."))) for rule in fit.rules]
    rules = [
        (reading(read, compile_condition(rule.condition)), rule.points)
        for read, rule in zip(reads, fit.rules, strict=True)
    ]
    grades = sorted(((bound, grade) for grade, bound in fit.grades.items()), reverse=True)
    return FitPlan(tuple(rules), tuple(reads), tuple(grades), fit.ceiling)


def account_fields(model: ScoringModel) -> frozenset[str]:
    """Top-level account fields that the model reads."""
    fields = [rule.field for rule in model.fit.rules] if model.fit else []
    for track in model.tracks.values():
        fields += list(track.when)
    for route in model.handoff.routes:
        fields += list(route.when)
    return frozenset(field.split(".")[0] for field in fields)
