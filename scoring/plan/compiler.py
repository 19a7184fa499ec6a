"""Compiles a valid model into a plan: rules, caps, stages and fit as tables for the fold."""

import re
from dataclasses import replace
from functools import partial
from math import inf
from typing import NamedTuple

from schemas.facts import is_act_of_person
from scoring.model.loading import Cap, FieldPoints, FitModel, Limit, Rule, ScoringModel, Stage, Track
from scoring.plan.calendar import WindowsByDay, calendar_of
from scoring.plan.conditions import compile_account_conditions, compile_condition, path_reader, predicate_on
from scoring.plan.decay import HOUR, GrowthFactors
from scoring.plan.fields import FactReader
from scoring.plan.plan import CapPlan, FitPlan, Plan, RoutePlan, RulePlan, StagePlan, TrackPlan, TypePlan

CAP_RETENTION_HALF_LIVES = 10
WINDOW_KINDS = ("day", "week", "month", "quarter", "ever")
DEFAULT_BREADTH_DAYS = 90
PROFILE_FIELDS = frozenset(
    "name domains industry employees revenue country segment owner customer target parent".split()
)
_VERSION_SUFFIX = re.compile(r"\.v\d+$")
_MAX_CACHED_TYPES = 10_000
_NEVER_ENGAGING = frozenset({"contact.registered"})
"""Types by which nobody is engaged, whatever a rule gives: somebody else told of the contact."""

HalfLife = int | None
RuleWithPlan = tuple[Rule, RulePlan]


class PlanTables(NamedTuple):
    """What the rules, caps and tracks of a plan refer to while they are compiled."""

    slots: tuple[tuple[int, HalfLife], ...]
    """slot -> (track, half-life)"""
    growth_classes: tuple[int, ...]
    """slot -> growth class"""
    fact_reader: FactReader
    windows: dict[str, WindowsByDay]
    caps: dict[str, CapPlan]
    """By rule id, and by `limit_name`."""


def compile_model(model: ScoringModel, version: str) -> Plan:
    tracks = list(model.tracks.values())
    slots = tuple((t, hours) for t, track in enumerate(tracks) for hours in half_lives(track))
    class_half_lives = list(dict.fromkeys(hours for _, hours in slots))
    growth_classes = tuple(class_half_lives.index(hours) for _, hours in slots)
    fact_reader, calendar = FactReader(model), calendar_of(model.timezone)
    windows = {kind: WindowsByDay(kind, calendar) for kind in WINDOW_KINDS}
    tables = PlanTables(slots, growth_classes, fact_reader, windows, {})
    compile_caps(tracks, tables)
    rules = [(rule, compile_rule(rule, t, track, tables)) for t, track in enumerate(tracks) for rule in track.rules]
    type_plans: dict[str, TypePlan] = {}
    return Plan(
        model=model,
        version=version,
        calendar=calendar,
        growth=GrowthFactors(class_half_lives),
        fact_reader=fact_reader,
        slots=slots,
        growth_classes=growth_classes,
        tracks=tuple(compile_track(t, name, model.tracks[name], tables) for t, name in enumerate(model.tracks)),
        caps=tuple(tables.caps.values()),
        fit=compile_fit(model.fit) if model.fit else None,
        routes=tuple(
            RoutePlan(compile_account_conditions(dict(route.when)) if route.when else None, route)
            for route in model.handoff.routes
        ),
        profile_fields=PROFILE_FIELDS | account_fields(model),
        roles=dict(model.roles),
        unknown_weight=model.roles.get("unknown", 1.0),
        cooldown=model.handoff.recycle_cooldown * HOUR,
        act_now_hold=model.handoff.act_now_hold * HOUR,
        compile_type=partial(compile_type, type_plans, rules),
        type_plans=type_plans,
    )


def compile_type(type_plans: dict[str, TypePlan], rules: list[RuleWithPlan], type: str) -> TypePlan:
    if len(type_plans) >= _MAX_CACHED_TYPES:
        type_plans.clear()
    name = _VERSION_SUFFIX.sub("", type)
    matching = [(rule, plan) for rule, plan in rules if name in rule.on]
    bits = {rule.id: 1 << i for i, (rule, _) in enumerate(matching)}
    rule_plans = tuple(
        replace(plan, bit=bits[rule.id], unless_bits=sum(bits.get(other, 0) for other in rule.unless))
        for rule, plan in matching
    )
    type_plan = type_plans[type] = TypePlan(name, rule_plans, is_act_of_person(type, {}), name not in _NEVER_ENGAGING)
    return type_plan


def compile_rule(rule: Rule, track_index: int, track: Track, tables: PlanTables) -> RulePlan:
    slot = tables.slots.index((track_index, rule.half_life))
    fact_reader, caps = tables.fact_reader, tables.caps
    names = [rule.id] + [limit_name(track_index, i) for i, limit in enumerate(track.limits) if rule.id in limit.rules]
    return RulePlan(
        rule.id,
        track_index,
        slot,
        tables.growth_classes[slot],
        rule.half_life,
        0.0 if isinstance(rule.points, FieldPoints) else rule.points,
        fact_reader.points_reader(rule.points) if isinstance(rule.points, FieldPoints) else None,
        fact_reader.predicate(dict(rule.where)),
        0,
        0,
        tuple(caps[name] for name in names if name in caps),
        rule.act_now,
    )


def compile_caps(tracks: list[Track], tables: PlanTables) -> None:
    """Fill in the caps; the fold checks a rule's own cap before its limits."""
    caps = tables.caps
    for t, track in enumerate(tracks):
        for rule in track.rules:
            if rule.at_most:
                caps[rule.id] = compile_cap(rule.id, rule.at_most, [rule], tables)
        for i, limit in enumerate(track.limits):
            limited = limited_rules(limit, track)
            caps[limit_name(t, i)] = compile_cap(f"limits[{i}]", limit.at_most, limited, tables)


def compile_cap(name: str, cap: Cap, rules: list[Rule], tables: PlanTables) -> CapPlan:
    slowest = slowest_half_life(rules)
    return CapPlan(
        len(tables.caps),
        cap.n,
        cap.per == "contact",
        tables.fact_reader.field_reader(cap.field) if cap.field else None,
        cap.window,
        tables.windows[cap.window],
        None if slowest is None else slowest * CAP_RETENTION_HALF_LIVES * HOUR,
        f"{name}: {cap.text}",
        f"{name}: too late to count",
    )


def limit_name(track_index: int, limit_index: int) -> str:
    return f"{track_index} limits[{limit_index}]"


def limited_rules(limit: Limit, track: Track) -> list[Rule]:
    return [rule for rule in track.rules if rule.id in limit.rules]


def slowest_half_life(rules: list[Rule]) -> HalfLife:
    hours_by_rule = [rule.half_life for rule in rules]
    return (
        None
        if None in hours_by_rule or not hours_by_rule
        else max(hours for hours in hours_by_rule if hours is not None)
    )


def compile_track(track_index: int, name: str, track: Track, tables: PlanTables) -> TrackPlan:
    slots, growth_classes = tables.slots, tables.growth_classes
    shown = shown_breadth_days(track)
    windows = tuple(dict.fromkeys([stage.contacts.days for stage in track.stages if stage.contacts] + [shown]))
    adjustment = adjustment_half_life(track)
    slot = slots.index((track_index, adjustment))
    return TrackPlan(
        name,
        track_index,
        tuple((slot, growth_classes[slot]) for slot, (owner, _) in enumerate(slots) if owner == track_index),
        tuple(compile_stage(stage, windows) for stage in track.stages),
        (*(stage.enter for stage in track.stages), inf),
        next((i for i, stage in enumerate(track.stages) if stage.handoff), len(track.stages)),
        compile_account_conditions(dict(track.when)) if track.when else None,
        windows,
        windows.index(shown),
        (slot, growth_classes[slot], adjustment),
    )


def compile_stage(stage: Stage, windows: tuple[int, ...]) -> StagePlan:
    breadth, small_company = stage.contacts, stage.small_company
    return StagePlan(
        stage.name,
        stage.enter,
        stage.leave,
        frozenset(stage.fit) if stage.fit is not None else None,
        breadth.contacts if breadth else 0,
        breadth.days if breadth else 0,
        windows.index(breadth.days) if breadth else 0,
        small_company.employees_below if small_company else None,
        small_company.contacts if small_company else 0,
    )


def shown_breadth_days(track: Track) -> int:
    """The window of the displayed breadth: of the handoff stage, else of the highest stage with one, else 90 days."""
    with_breadth = [stage for stage in track.stages if stage.contacts]
    chosen = [stage for stage in with_breadth if stage.handoff] or with_breadth
    return chosen[-1].contacts.days if chosen and chosen[-1].contacts else DEFAULT_BREADTH_DAYS


def adjustment_half_life(track: Track) -> HalfLife:
    """The slowest of the track's positive rules, and no decay if one of them never decays (scoring.md 15)."""
    return slowest_half_life([rule for rule in track.rules if rule.is_positive])


def half_lives(track: Track) -> list[HalfLife]:
    """The distinct half-lives of a track in hours, ascending; None (no decay) is last."""
    distinct = {rule.half_life for rule in track.rules} | {adjustment_half_life(track)}
    return sorted(distinct, key=lambda hours: (hours is None, hours or 0))


def compile_fit(fit: FitModel) -> FitPlan:
    readers = [path_reader(tuple(rule.field.split("."))) for rule in fit.rules]
    rules = [
        (predicate_on(read, compile_condition(rule.condition)), rule.points)
        for read, rule in zip(readers, fit.rules, strict=True)
    ]
    grades = sorted(((bound, grade) for grade, bound in fit.grades.items()), reverse=True)
    return FitPlan(tuple(rules), tuple(readers), tuple(grades), fit.ceiling)


def account_fields(model: ScoringModel) -> frozenset[str]:
    """Top-level account fields that the model reads."""
    fields = [rule.field for rule in model.fit.rules] if model.fit else []
    for track in model.tracks.values():
        fields += list(track.when)
    for route in model.handoff.routes:
        fields += list(route.when)
    return frozenset(field.split(".")[0] for field in fields)
