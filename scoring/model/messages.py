"""What is wrong with the shape of a model, in words for the one who wrote it. Never decides what is right."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from schemas.documents import Path, closest
from scoring.model.definition import FitModel, Handoff, Limit, Route, Rule, ScoringModel, Stage, Track
from scoring.model.service_level import ServiceLevel
from scoring.model.terms import OPERATORS, FieldPoints, SmallCompany

Loc = tuple[str | int, ...]

_PARTS: dict[str, Any] = {
    "fit": FitModel,
    "handoff": Handoff,
    "limits": Limit,
    "points": FieldPoints,
    "routes": Route,
    "rules": Rule,
    "service_level": ServiceLevel,
    "small_company": SmallCompany,
    "stages": Stage,
}
_WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "finite_number": "a finite number",
}
_SAYINGS = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "{} is no name; use up to 64 letters, digits, `_`, `-` and `.`, a letter or digit first",
}


def written_problems(content: Any, refusal: ValidationError) -> Iterator[tuple[Path, str]]:
    """Every problem with its path in what was written; the several tries at one value become one problem."""
    tries: dict[Path, list[dict[str, Any]]] = {}
    for error in refusal.errors(include_url=False):
        path = _written(content, error)
        tries.setdefault(path, []).append(dict(error))
    for path, errors in tries.items():
        if not (_of_the_whole(errors) and _inner(path, tries)):
            yield path, _message(path, errors)


def _of_the_whole(errors: list[dict[str, Any]]) -> bool:
    return all(error["type"] in (*_WANTED, "too_short") for error in errors)


def _inner(path: Path, tries: Any) -> bool:
    """Whether a problem inside this value says more: of a mapping that could have been a number."""
    return any(len(other) > len(path) and other[: len(path)] == path for other in tries)


def _written(content: Any, error: Any) -> Path:
    path: list[str | int] = []
    for part in error["loc"]:
        if _has(content, part):
            content = content[part]
            path.append(part)
    missing = error["type"] == "missing" and error["loc"][-1] != "condition"
    return (*path, error["loc"][-1]) if missing else tuple(path)


def _has(content: Any, part: str | int) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


def _message(path: Path, errors: list[dict[str, Any]]) -> str:
    wanted = list(dict.fromkeys(_WANTED[error["type"]] for error in errors if error["type"] in _WANTED))
    others = list(dict.fromkeys(_said(path, error) for error in errors if error["type"] not in _WANTED))
    if wanted and not others:
        return f"must be {' or '.join(wanted)}, not {_shown(errors[-1]['input'])}"
    return "; ".join(others)


def _said(path: Path, error: dict[str, Any]) -> str:
    kind, message = error["type"], str(error["msg"])
    if kind == "extra_forbidden":
        return f"is no known key{closest(str(path[-1]), _keys(path[:-1]))}"
    if kind in _SAYINGS:
        return _SAYINGS[kind].format(_shown(error["input"]))
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message.replace('Input should', 'must', 1)}, not {_shown(error['input'])}"


def _shown(given: Any) -> str:
    text = "nothing" if given is None else repr(given)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _keys(path: Path) -> list[str]:
    """The keys that are known at a place."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return list(ScoringModel.model_fields)
    if names[:2] == ["fit", "rules"]:
        return ["field", "points", *OPERATORS]
    if "where" in names or "when" in names:
        return list(OPERATORS)
    part = Track if len(names) == 2 and names[0] == "tracks" else _PARTS.get(names[-1])
    return list(part.model_fields) if part else []
