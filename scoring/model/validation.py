"""From plain content to a checked model, or to all of its problems at once. Never reads a file."""

from copy import deepcopy
from itertools import count, islice
from typing import Any

from pydantic import ValidationError

from schemas.documents import ModelError, Path, Problem, Source
from scoring.model.checks import check
from scoring.model.definition import ScoringModel
from scoring.model.messages import Loc, written_problems

_ITEMS = ("rules", "stages", "limits", "routes")
_ROUNDS = 4


def validated(source: Source) -> ScoringModel:
    """The model. ModelError lists everything that is wrong with it, in the order of its lines."""
    model: ScoringModel | None
    pruned: frozenset[Path]
    try:
        model, problems, pruned = _read(source.content), [], frozenset()
    except ValidationError as refusal:
        problems = [source.problem(path, message) for path, message in written_problems(source.content, refusal)]
        model, pruned = _readable_rest(source.content, refusal)
    if model is not None:
        problems += _judged(source, model, pruned)
    if model is None or problems:
        raise ModelError(tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)))
    return model


def _judged(source: Source, model: ScoringModel, pruned: frozenset[Path]) -> list[Problem]:
    found = check(model, _owners(source.content), lambda place: _reaches(pruned, place))
    return [source.problem(_original(path, pruned), message) for path, message in found]


def _readable_rest(content: Any, refusal: ValidationError) -> tuple[ScoringModel | None, frozenset[Path]]:
    """What is left of a model without its unreadable parts, to be judged in the same go; None: nothing."""
    pruned: frozenset[Path] = frozenset()
    for _ in range(_ROUNDS):
        locs = [error["loc"] for error in refusal.errors(include_url=False, include_input=False)]
        pruned |= {_wider(_original(_prunable(loc), pruned), pruned) for loc in locs}
        try:
            return _read(_without(content, pruned)), pruned
        except ValidationError as again:
            refusal = again
    return None, pruned


def _wider(path: Path, pruned: frozenset[Path]) -> Path:
    """The part itself, or what is around it where leaving the part out did not help."""
    return path[:-1] if path in pruned else path


def _original(path: Path, pruned: frozenset[Path]) -> Path:
    """A path in what is left, as it was before other items of its lists were left out."""
    found: Path = ()
    for part in path:
        found = (*found, _nth_left(found, part, pruned) if isinstance(part, int) else part)
    return found


def _nth_left(items: Path, number: int, pruned: frozenset[Path]) -> int:
    left = (index for index in count() if (*items, index) not in pruned)
    return next(islice(left, number, None))


def _read(content: Any) -> ScoringModel:
    return ScoringModel.model_validate(content, context={"written": True})


def _prunable(loc: Loc) -> Path:
    """The smallest part around an error that a model can do without."""
    for size, part in enumerate(loc):
        if part in _ITEMS and len(loc) > size + 1 and isinstance(loc[size + 1], int):
            return loc[: size + 2]
    return loc[: 3 if loc[:1] == ("tracks",) else 2] if loc[:1] in (("tracks",), ("fit",), ("handoff",)) else loc[:1]


def _without(content: Any, pruned: frozenset[Path]) -> Any:
    rest = deepcopy(content)
    for path in sorted(pruned, key=_last_first, reverse=True):
        _drop(rest, path)
    return {"model": "unnamed", **rest} if isinstance(rest, dict) else rest


def _last_first(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple((part, 0) if isinstance(part, str) else ("", part) for part in path)


def _drop(content: Any, path: Path) -> None:
    for part in path[:-1]:
        content = content[part] if _has(content, part) else None
    if path and _has(content, path[-1]):
        del content[path[-1]]


def _has(content: Any, part: str | int) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


def _reaches(pruned: frozenset[Path], place: Path) -> bool:
    return any(path[: len(place)] == place or place[: len(path)] == path for path in pruned)


def _owners(content: Any) -> dict[str, str]:
    """Rule id -> the track it stands in (the first one), of all that is written, readable or not."""
    found: dict[str, str] = {}
    for name, track in _items(content, "tracks"):
        rules = track.get("rules") if isinstance(track, dict) else None
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, dict) and isinstance(rule.get("id"), str):
                found.setdefault(rule["id"], name)
    return found


def _items(content: Any, key: str) -> Any:
    part = content.get(key) if isinstance(content, dict) else None
    return part.items() if isinstance(part, dict) else ()
