"""Error messages about the shape of a model: unknown keys, wrong types, missing values."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from schemas import KeyPath, suggestion
from scoring.model.definition import FitModel, Handoff, Limit, Reasons, Route, Rule, ScoringModel, Stage, Track
from scoring.model.service_level import ServiceLevel, ServiceStep
from scoring.model.terms import OPERATORS, FieldPoints, SmallCompany

ErrorLocation = tuple[str | int, ...]

_CLASSES_BY_KEY: dict[str, Any] = {
    "fit": FitModel,
    "handoff": Handoff,
    "limits": Limit,
    "points": FieldPoints,
    "reasons": Reasons,
    "routes": Route,
    "rules": Rule,
    "service_level": ServiceLevel,
    "small_company": SmallCompany,
    "stages": Stage,
    "steps": ServiceStep,
}
_EXPECTED_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "finite_number": "a finite number",
}
_MESSAGES = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": (
        "{} is not a valid name; use up to 64 letters, digits, `_`, `-` and `.`, a letter or digit first"
    ),
}


def shape_problems(content: Any, validation_error: ValidationError) -> Iterator[tuple[KeyPath, str]]:
    """Every problem with its path in the text; several attempts at reading one value become one problem."""
    errors_by_path: dict[KeyPath, list[dict[str, Any]]] = {}
    for error in validation_error.errors(include_url=False):
        path = _source_path(content, error)
        errors_by_path.setdefault(path, []).append(dict(error))
    for path, errors in errors_by_path.items():
        if not (_is_type_mismatch(errors) and _has_inner_problem(path, errors_by_path)):
            yield path, _message(path, errors)


def _is_type_mismatch(errors: list[dict[str, Any]]) -> bool:
    return all(error["type"] in (*_EXPECTED_TYPES, "too_short") for error in errors)


def _has_inner_problem(path: KeyPath, errors_by_path: Any) -> bool:
    """Whether a more specific problem lies inside this value, such as a mapping where a number is allowed too."""
    return any(len(other) > len(path) and other[: len(path)] == path for other in errors_by_path)


def _source_path(content: Any, error: Any) -> KeyPath:
    path: list[str | int] = []
    for part in error["loc"]:
        if _contains(content, part):
            content = content[part]
            path.append(part)
    missing = error["type"] == "missing" and error["loc"][-1] != "condition"
    return (*path, error["loc"][-1]) if missing else tuple(path)


def _contains(content: Any, part: str | int) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


def _message(path: KeyPath, errors: list[dict[str, Any]]) -> str:
    expected = list(
        dict.fromkeys(_EXPECTED_TYPES[error["type"]] for error in errors if error["type"] in _EXPECTED_TYPES)
    )
    others = list(
        dict.fromkeys(_error_message(path, error) for error in errors if error["type"] not in _EXPECTED_TYPES)
    )
    if expected and not others:
        return f"must be {' or '.join(expected)}, not {_shortened(errors[-1]['input'])}"
    return "; ".join(others)


def _error_message(path: KeyPath, error: dict[str, Any]) -> str:
    kind, message = error["type"], str(error["msg"])
    if kind == "extra_forbidden":
        return f"unknown key{suggestion(str(path[-1]), _known_keys(path[:-1]))}"
    if kind in _MESSAGES:
        return _MESSAGES[kind].format(_shortened(error["input"]))
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message.replace('Input should', 'must', 1)}, not {_shortened(error['input'])}"


def _shortened(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _known_keys(path: KeyPath) -> list[str]:
    """The keys that are allowed at a path."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return list(ScoringModel.model_fields)
    if names[:2] == ["fit", "rules"]:
        return ["field", "points", *OPERATORS]
    if "where" in names or "when" in names:
        return list(OPERATORS)
    part = Track if len(names) == 2 and names[0] == "tracks" else _CLASSES_BY_KEY.get(names[-1])
    return list(part.model_fields) if part else []
