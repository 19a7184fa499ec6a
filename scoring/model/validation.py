"""From plain content to a valid model, or to all of its problems at once.

If parts cannot be read, they are left out and the rest is checked, so that one run reports both kinds of problems.
"""

from copy import deepcopy
from itertools import count, islice
from typing import Any

from pydantic import ValidationError

from schemas import DocumentError, KeyPath, Problem, SourceDocument
from scoring.model.checks import check_model
from scoring.model.definition import ScoringModel
from scoring.model.messages import ErrorLocation, shape_problems

_LIST_KEYS = ("rules", "stages", "limits", "routes", "steps")
_MAX_ROUNDS = 4


def validate_model(source: SourceDocument) -> ScoringModel:
    """The model. DocumentError lists everything that is wrong with it, in the order of its lines."""
    model: ScoringModel | None
    pruned: frozenset[KeyPath]
    try:
        model, problems, pruned = _parse_model(source.content), [], frozenset()
    except ValidationError as validation_error:
        problems = [
            source.problem_at(path, message) for path, message in shape_problems(source.content, validation_error)
        ]
        model, pruned = _readable_part(source.content, validation_error)
    if model is not None:
        problems += _semantic_problems(source, model, pruned)
    if model is None or problems:
        raise DocumentError(tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)))
    return model


def _semantic_problems(source: SourceDocument, model: ScoringModel, pruned: frozenset[KeyPath]) -> list[Problem]:
    findings = check_model(model, _tracks_by_rule(source.content), lambda place: _overlaps(pruned, place))
    return [source.problem_at(_original_path(path, pruned), message) for path, message in findings]


def _readable_part(content: Any, validation_error: ValidationError) -> tuple[ScoringModel | None, frozenset[KeyPath]]:
    """The model without its unreadable parts, and their paths; None if it cannot be read without them either."""
    pruned: frozenset[KeyPath] = frozenset()
    for _ in range(_MAX_ROUNDS):
        locs = [error["loc"] for error in validation_error.errors(include_url=False, include_input=False)]
        pruned |= {_enclosing_part(_original_path(_prunable_part(loc), pruned), pruned) for loc in locs}
        try:
            return _parse_model(_without_parts(content, pruned)), pruned
        except ValidationError as next_error:
            validation_error = next_error
    return None, pruned


def _enclosing_part(path: KeyPath, pruned: frozenset[KeyPath]) -> KeyPath:
    """The part itself, or the one around it if leaving out the part did not help."""
    return path[:-1] if path in pruned else path


def _original_path(path: KeyPath, pruned: frozenset[KeyPath]) -> KeyPath:
    """A path of the remaining content, as it was before other items of its lists were left out."""
    original: KeyPath = ()
    for part in path:
        original = (*original, _original_index(original, part, pruned) if isinstance(part, int) else part)
    return original


def _original_index(items: KeyPath, number: int, pruned: frozenset[KeyPath]) -> int:
    remaining = (index for index in count() if (*items, index) not in pruned)
    return next(islice(remaining, number, None))


def _parse_model(content: Any) -> ScoringModel:
    return ScoringModel.model_validate(content, context={"written": True})


def _prunable_part(loc: ErrorLocation) -> KeyPath:
    """The smallest part around an error that can be left out."""
    for size, part in enumerate(loc):
        if part in _LIST_KEYS and len(loc) > size + 1 and isinstance(loc[size + 1], int):
            return loc[: size + 2]
    return loc[: 3 if loc[:1] == ("tracks",) else 2] if loc[:1] in (("tracks",), ("fit",), ("handoff",)) else loc[:1]


def _without_parts(content: Any, pruned: frozenset[KeyPath]) -> Any:
    remaining = deepcopy(content)
    for path in sorted(pruned, key=_removal_key, reverse=True):
        _delete_part(remaining, path)
    return {"model": "unnamed", **remaining} if isinstance(remaining, dict) else remaining


def _removal_key(path: KeyPath) -> tuple[tuple[str, int], ...]:
    return tuple((part, 0) if isinstance(part, str) else ("", part) for part in path)


def _delete_part(content: Any, path: KeyPath) -> None:
    for part in path[:-1]:
        content = content[part] if _contains(content, part) else None
    if path and _contains(content, path[-1]):
        del content[path[-1]]


def _contains(content: Any, part: str | int) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


def _overlaps(pruned: frozenset[KeyPath], part_path: KeyPath) -> bool:
    return any(path[: len(part_path)] == part_path or part_path[: len(path)] == path for path in pruned)


def _tracks_by_rule(content: Any) -> dict[str, str]:
    """rule id -> its track (the first one), of all rules, readable or not."""
    tracks_by_rule: dict[str, str] = {}
    for name, track in _mapping_items(content, "tracks"):
        rules = track.get("rules") if isinstance(track, dict) else None
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, dict) and isinstance(rule.get("id"), str):
                tracks_by_rule.setdefault(rule["id"], name)
    return tracks_by_rule


def _mapping_items(content: Any, key: str) -> Any:
    part = content.get(key) if isinstance(content, dict) else None
    return part.items() if isinstance(part, dict) else ()
