"""What the parts of a model ask of each other. Pure judgement: names problems, never raises them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from schemas.documents import Path, closest
from schemas.facts.registry import CONTROL_TYPES, NAMES, unversioned
from scoring.model.definition import Rule, ScoringModel, Stage, Track
from scoring.model.durations import format_hours

Finding = tuple[Path, str]
Unsure = Callable[[Path], bool]
"""Whether something under this path could not be read, so that nothing can be said about its absence."""

_CONTROL = frozenset(map(unversioned, CONTROL_TYPES)) | {"score.adjusted"}


def check(model: ScoringModel, owners: Mapping[str, str], unsure: Unsure) -> Iterator[Finding]:
    """Every problem of a model whose shape is right. `owners`: rule id -> track, also of rules that were unreadable."""
    yield from _timezone(model.timezone)
    yield from _grades(model)
    yield from _service_level(model)
    for name, track in model.tracks.items():
        at: Path = ("tracks", name)
        yield from _rules(track, at, owners, name)
        yield from _limits(track, at, owners, name)
        yield from _stages(track, at)
        yield from _fit_asked(model, track, at, unsure)
        yield from [] if unsure((*at, "rules")) or unsure((*at, "half_life")) else _deductions(track, at)
        yield from [] if unsure((*at, "stages")) else _act_now(track, at)
    yield from _twice(model)


def _timezone(name: str) -> Iterator[Finding]:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = closest(name, available_timezones())
        yield ("timezone",), f"{name!r} is no time zone{hint}; write an IANA name, for instance Europe/Berlin"


def _grades(model: ScoringModel) -> Iterator[Finding]:
    points = sorted(model.fit.grades.items()) if model.fit else []
    for (better, more), (worse, less) in pairwise(points):
        if more <= less:
            yield ("fit", "grades", worse), f"{worse} must ask for fewer points than {better} ({more:g})"


def _service_level(model: ScoringModel) -> Iterator[Finding]:
    level = model.handoff.service_level
    allowances = (level.accept_within, level.act_now) if level and not level.hours else ()
    if any(allowance and allowance.business for allowance in allowances):
        yield ("handoff", "service_level"), "business time needs `hours`, for instance `Mon-Fri 09:00-18:00`"


def _rules(track: Track, at: Path, owners: Mapping[str, str], name: str) -> Iterator[Finding]:
    ring = _rings(track)
    for number, rule in enumerate(track.rules):
        place = (*at, "rules", number)
        yield from _types(rule, place)
        for index, other in enumerate(rule.unless):
            if owners.get(other) != name:
                yield (*place, "unless", index), _stranger(other, owners, name)
        if rule.id in ring:
            yield (*place, "unless"), f"a cycle: {' -> '.join(ring[rule.id])}; leave one of them out"


def _types(rule: Rule, place: Path) -> Iterator[Finding]:
    for type_ in rule.on:
        if type_ in _CONTROL:
            yield (*place, "on"), f"{type_} steers the fold and is worth no points"
        elif type_ not in NAMES:
            known = unversioned(type_) in NAMES
            hint = f"; write {unversioned(type_)!r}, every version matches" if known else closest(type_, NAMES)
            yield (*place, "on"), f"{type_!r} is no fact type{hint}"


def _stranger(rule: str, owners: Mapping[str, str], track: str) -> str:
    if rule in owners:
        return f"rule {rule!r} stands in track {owners[rule]!r}; only rules of this track can be named"
    own = [known for known, owner in owners.items() if owner == track]
    return f"there is no rule {rule!r}{closest(rule, own)}"


def _rings(track: Track) -> dict[str, list[str]]:
    """The ring of `unless` that each rule stands in, where it does."""
    after = {rule.id: rule.unless for rule in track.rules}
    found: dict[str, list[str]] = {}
    for rule in after:
        way = _way_back(rule, after)
        if way:
            found[rule] = way
    return found


def _way_back(start: str, after: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The shortest way from a rule to itself; empty where there is none."""
    ways, seen = [[start]], set[str]()
    for way in ways:
        for following in after.get(way[-1], ()):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _limits(track: Track, at: Path, owners: Mapping[str, str], name: str) -> Iterator[Finding]:
    for number, limit in enumerate(track.limits):
        for index, rule in enumerate(limit.rules):
            place = (*at, "limits", number, "rules", index)
            if owners.get(rule) != name:
                yield place, _stranger(rule, owners, name)
            elif rule in limit.rules[:index]:
                yield place, f"rule {rule!r} is named twice"


def _stages(track: Track, at: Path) -> Iterator[Finding]:
    before: Stage | None = None
    names = Counter(stage.name for stage in track.stages)
    handoffs = [stage.name for stage in track.stages if stage.handoff]
    for number, stage in enumerate(track.stages):
        place = (*at, "stages", number)
        yield from _thresholds(stage, before, place)
        if names[stage.name] > 1:
            yield (*place, "name"), f"two stages are called {stage.name!r}"
        if stage.handoff and stage.name != handoffs[0]:
            yield (*place, "handoff"), f"{handoffs[0]!r} is the handoff stage already; a track has one"
        if stage.small_company and not stage.contacts:
            yield (*place, "small_company"), "is an exception to `contacts`, which is not asked for"
        before = stage


def _thresholds(stage: Stage, before: Stage | None, place: Path) -> Iterator[Finding]:
    if not stage.leave > 0:
        yield (*place, "leave"), f"{stage.leave:g} must be above 0, or the stage could never be left by fading"
    if stage.leave > stage.enter:
        yield (*place, "leave"), f"{stage.leave:g} is above enter ({stage.enter:g}); a stage is left at or below it"
    if before is not None and stage.enter <= before.enter:
        yield (*place, "enter"), f"{stage.enter:g} must be above that of {before.name!r} ({before.enter:g})"


def _fit_asked(model: ScoringModel, track: Track, at: Path, unsure: Unsure) -> Iterator[Finding]:
    if unsure(("fit",)):
        return
    grades = [*model.fit.grades, "D", "unknown"] if model.fit else []
    for number, stage in enumerate(track.stages):
        place = (*at, "stages", number, "fit")
        if stage.fit and model.fit is None:
            yield place, "is asked for, but the model has no fit rules; add `fit:`"
            continue
        for index, grade in enumerate(stage.fit or ()):
            if grade not in grades:
                yield (*place, index), f"{grade!r} is no grade; this model has {', '.join(grades)}"


def _deductions(track: Track, at: Path) -> Iterator[Finding]:
    slowest = _slowest(track)
    for number, rule in enumerate(track.rules):
        if rule.is_deduction and rule.half_life is not None and rule.half_life != slowest:
            allowed = "none" if slowest is None else f"{format_hours(slowest)} or none"
            yield (
                (*at, "rules", number, "half_life"),
                f"a deduction must not fade faster than what it takes from: write `half_life: {allowed}`, "
                f"not {format_hours(rule.half_life)}, or the score would rise while nothing happens",
            )


def _slowest(track: Track) -> int | None:
    """The slowest half-life of a track; None where a positive rule never fades."""
    if any(rule.is_positive and rule.half_life is None for rule in track.rules):
        return None
    return max((rule.half_life for rule in track.rules if rule.half_life is not None), default=None)


def _act_now(track: Track, at: Path) -> Iterator[Finding]:
    if any(stage.handoff for stage in track.stages):
        return
    for number, rule in enumerate(track.rules):
        if rule.act_now:
            yield (*at, "rules", number, "act_now"), "this track has no stage with `handoff: true`"


def _twice(model: ScoringModel) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, track in model.tracks.items():
        for number, rule in enumerate(track.rules):
            if rule.id in seen:
                yield ("tracks", name, "rules", number, "id"), f"{rule.id!r} is a rule of {seen[rule.id]!r} already"
            seen.setdefault(rule.id, name)
