"""Checks across the parts of a model: references, order of stages, decay of deductions. They yield problems."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from schemas import KeyPath, suggestion
from schemas.facts import CONTROL_TYPES, TYPE_NAMES, unversioned
from scoring.model.definition import Route, Rule, ScoringModel, Stage, Track
from scoring.model.durations import format_hours

Finding = tuple[KeyPath, str]
References = Mapping[str, Sequence[str]]
"""rule id -> the rules in its `unless`."""
UnreadableCheck = Callable[[KeyPath], bool]
"""Whether something under this path is unreadable, so that checks for its absence would mislead."""

_MOST_CYCLES, _MOST_SHOWN = 50, 12
_UNSCORED_TYPES = frozenset(map(unversioned, CONTROL_TYPES)) | {"score.adjusted"}


def check_model(
    model: ScoringModel, tracks_by_rule: Mapping[str, str], is_unreadable: UnreadableCheck
) -> Iterator[Finding]:
    """Every problem of a model whose shape is right. `tracks_by_rule` includes unreadable rules."""
    yield from _timezone_problems(model)
    yield from _grade_problems(model)
    yield from _service_level_problems(model)
    yield from _reason_problems(model)
    for name, track in model.tracks.items():
        at: KeyPath = ("tracks", name)
        yield from _rule_problems(track, at, tracks_by_rule, name)
        yield from _limit_problems(track, at, tracks_by_rule, name)
        yield from _stage_problems(track, at)
        yield from _fit_problems(model, track, at, is_unreadable)
        yield from (
            [] if is_unreadable((*at, "rules")) or is_unreadable((*at, "half_life")) else _deduction_problems(track, at)
        )
        yield from [] if is_unreadable((*at, "stages")) else _act_now_problems(track, at)
    yield from _duplicate_rule_problems(model)


def _timezone_problems(model: ScoringModel) -> Iterator[Finding]:
    routes = enumerate(model.handoff.routes)
    zones: list[tuple[KeyPath, str | None]] = [(("timezone",), model.timezone)]
    zones += [(("handoff", "routes", number, "zone"), route.zone) for number, route in routes]
    for place, name in zones:
        if name is not None and not _is_timezone(name):
            hint = suggestion(name, available_timezones())
            yield place, f"unknown time zone {name!r}{hint}; write an IANA name, for instance Europe/Berlin"


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _grade_problems(model: ScoringModel) -> Iterator[Finding]:
    points = sorted(model.fit.grades.items()) if model.fit else []
    for (better, more), (worse, less) in pairwise(points):
        if more <= less:
            yield ("fit", "grades", worse), f"{worse} must require fewer points than {better} ({more:g})"


def _service_level_problems(model: ScoringModel) -> Iterator[Finding]:
    level, routes = model.handoff.service_level, model.handoff.routes
    if level is None:
        return
    allowances = [allowance for allowance in (level.accept_within, level.act_now) if allowance]
    if any(allowance.business for allowance in allowances) and not (level.hours or _all_have_hours(routes)):
        yield ("handoff", "service_level"), "business time needs `hours`, for instance `Mon-Fri 09:00-18:00`"
    if level.steps and not allowances:
        yield ("handoff", "service_level", "steps"), "need a time to answer; write `accept_within`"
    for number, step in enumerate(level.steps):
        hint = "" if step.to is None else suggestion(step.to, {route.to for route in routes})
        # further receivers need no route of their own, but one that is nearly a route is a slip
        if hint and step.to not in {route.to for route in routes}:
            yield ("handoff", "service_level", "steps", number, "to"), f"unknown route {step.to!r}{hint}"


def _all_have_hours(routes: Sequence[Route]) -> bool:
    """Whether every handoff gets its hours from a route, because one of them always applies."""
    return all(route.hours for route in routes) and any(not route.when for route in routes)


def _reason_problems(model: ScoringModel) -> Iterator[Finding]:
    reasons = model.handoff.reasons
    for kind, words in (("reject", reasons.reject), ("recycle", reasons.recycle)):
        for index, word in enumerate(words):
            if word in words[:index]:
                yield ("handoff", "reasons", kind, index), f"reason {word!r} is listed twice"


def _rule_problems(track: Track, at: KeyPath, tracks_by_rule: Mapping[str, str], name: str) -> Iterator[Finding]:
    cycles = _cycles(track)
    for number, rule in enumerate(track.rules):
        place = (*at, "rules", number)
        yield from _type_problems(rule, place)
        for index, other in enumerate(rule.unless):
            if tracks_by_rule.get(other) != name:
                yield (*place, "unless", index), _unknown_rule_message(other, tracks_by_rule, name)
        if rule.id in cycles:
            yield (*place, "unless"), f"cycle: {_cycle_text(cycles[rule.id])}; remove one of them"


def _type_problems(rule: Rule, place: KeyPath) -> Iterator[Finding]:
    for type_ in rule.on:
        if type_ in _UNSCORED_TYPES:
            yield (*place, "on"), f"{type_} controls the scoring and cannot earn points"
        elif type_ not in TYPE_NAMES:
            known = unversioned(type_) in TYPE_NAMES
            hint = f"; write {unversioned(type_)!r}, it matches any version" if known else suggestion(type_, TYPE_NAMES)
            yield (*place, "on"), f"unknown event type {type_!r}{hint}"


def _unknown_rule_message(rule: str, tracks_by_rule: Mapping[str, str], track: str) -> str:
    if rule in tracks_by_rule:
        return f"rule {rule!r} belongs to track {tracks_by_rule[rule]!r}; name a rule of this track"
    own = [known for known, owner in tracks_by_rule.items() if owner == track]
    return f"unknown rule {rule!r}{suggestion(rule, own)}"


def _cycles(track: Track) -> dict[str, list[str]]:
    """rule id -> the cycle of `unless` that it is part of; at most `_MOST_CYCLES` of them."""
    successors = {rule.id: rule.unless for rule in track.rules}
    entangled = _without_ends(_reversed(_without_ends(successors)))
    found = ((rule, _shortest_cycle(rule, successors)) for rule in successors if rule in entangled)
    return dict(islice(((rule, cycle) for rule, cycle in found if cycle), _MOST_CYCLES))


def _without_ends(references: References) -> References:
    """Without the rules that refer to none, and, again and again, those that then refer to none. Takes linear time."""
    users = _reversed(references)
    left = {rule: sum(other in references for other in others) for rule, others in references.items()}
    ends = [rule for rule, count in left.items() if count == 0]
    for rule in ends:
        for user in users[rule]:
            left[user] -= 1
            if left[user] == 0:
                ends.append(user)
    return {rule: others for rule, others in references.items() if left[rule]}


def _reversed(references: References) -> References:
    users: dict[str, list[str]] = {rule: [] for rule in references}
    for rule, others in references.items():
        for other in others:
            if other in users:
                users[other].append(rule)
    return users


def _shortest_cycle(start: str, successors: References) -> list[str]:
    """The shortest path from a rule to itself; empty if there is none."""
    before: dict[str, str] = {}
    rules = [start]
    for rule in rules:
        for successor in successors.get(rule, ()):
            if successor == start:
                return [*_path_to(rule, before), start]
            if successor not in before:
                before[successor] = rule
                rules.append(successor)
    return []


def _path_to(rule: str, before: Mapping[str, str]) -> list[str]:
    path = [rule]
    while path[-1] in before:
        path.append(before[path[-1]])
    return path[::-1]


def _cycle_text(cycle: list[str]) -> str:
    shown = cycle if len(cycle) <= _MOST_SHOWN else [*cycle[: _MOST_SHOWN - 2], "…", cycle[-1]]
    return " -> ".join(shown)


def _limit_problems(track: Track, at: KeyPath, tracks_by_rule: Mapping[str, str], name: str) -> Iterator[Finding]:
    for number, limit in enumerate(track.limits):
        for index, rule in enumerate(limit.rules):
            place = (*at, "limits", number, "rules", index)
            if tracks_by_rule.get(rule) != name:
                yield place, _unknown_rule_message(rule, tracks_by_rule, name)
            elif rule in limit.rules[:index]:
                yield place, f"rule {rule!r} is listed twice"


def _stage_problems(track: Track, at: KeyPath) -> Iterator[Finding]:
    previous: Stage | None = None
    names = Counter(stage.name for stage in track.stages)
    handoffs = [stage.name for stage in track.stages if stage.handoff]
    for number, stage in enumerate(track.stages):
        place = (*at, "stages", number)
        yield from _threshold_problems(stage, previous, place)
        if names[stage.name] > 1:
            yield (*place, "name"), f"duplicate stage name {stage.name!r}"
        if stage.handoff and stage.name != handoffs[0]:
            yield (*place, "handoff"), f"{handoffs[0]!r} is already the handoff stage; a track has only one"
        if stage.small_company and not stage.contacts:
            yield (*place, "small_company"), "needs `contacts`, to which it is an exception"
        previous = stage


def _threshold_problems(stage: Stage, previous: Stage | None, place: KeyPath) -> Iterator[Finding]:
    if not stage.leave > 0:
        yield (*place, "leave"), f"{stage.leave:g} must be above 0, or decay alone could never end the stage"
    if stage.leave > stage.enter:
        yield (*place, "leave"), f"{stage.leave:g} is above enter ({stage.enter:g}); write at most that"
    if previous is not None and stage.enter <= previous.enter:
        yield (*place, "enter"), f"{stage.enter:g} must be above that of {previous.name!r} ({previous.enter:g})"


def _fit_problems(model: ScoringModel, track: Track, at: KeyPath, is_unreadable: UnreadableCheck) -> Iterator[Finding]:
    if is_unreadable(("fit",)):
        return
    grades = [*model.fit.grades, "D", "unknown"] if model.fit else []
    for number, stage in enumerate(track.stages):
        place = (*at, "stages", number, "fit")
        if stage.fit and model.fit is None:
            yield place, "needs fit rules; add `fit:` to the model"
            continue
        for index, grade in enumerate(stage.fit or ()):
            if grade not in grades:
                yield (*place, index), f"unknown grade {grade!r}; this model has {', '.join(grades)}"


def _deduction_problems(track: Track, at: KeyPath) -> Iterator[Finding]:
    slowest = _slowest_half_life(track)
    for number, rule in enumerate(track.rules):
        if rule.is_deduction and rule.half_life is not None and rule.half_life != slowest:
            allowed = "none" if slowest is None else f"{format_hours(slowest)} or none"
            yield (
                (*at, "rules", number, "half_life"),
                f"a deduction must not decay faster than the points it reduces: write `half_life: {allowed}`, "
                f"not {format_hours(rule.half_life)}, or the score would rise while nothing happens",
            )


def _slowest_half_life(track: Track) -> int | None:
    """The slowest half-life of a track; None if a positive rule never decays."""
    if any(rule.is_positive and rule.half_life is None for rule in track.rules):
        return None
    return max((rule.half_life for rule in track.rules if rule.half_life is not None), default=None)


def _act_now_problems(track: Track, at: KeyPath) -> Iterator[Finding]:
    if any(stage.handoff for stage in track.stages):
        return
    for number, rule in enumerate(track.rules):
        if rule.act_now:
            yield (*at, "rules", number, "act_now"), "this track has no stage with `handoff: true`"


def _duplicate_rule_problems(model: ScoringModel) -> Iterator[Finding]:
    tracks_by_rule: dict[str, str] = {}
    for name, track in model.tracks.items():
        for number, rule in enumerate(track.rules):
            if rule.id in tracks_by_rule:
                yield (
                    ("tracks", name, "rules", number, "id"),
                    f"rule id {rule.id!r} is already used in track {tracks_by_rule[rule.id]!r}",
                )
            tracks_by_rule.setdefault(rule.id, name)
