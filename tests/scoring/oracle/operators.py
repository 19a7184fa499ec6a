"""The operators of `where`, `when` and fit rules for the oracle, one plain question each. Knows no rule and no time."""

import json
import re
from collections.abc import Mapping
from typing import Any

import re2

Json = Any


def all_hold(where: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether every field of `where` meets all its operators. A bare value stands for `equals`."""
    return all(meets_condition(look_up(content, field), wanted) for field, wanted in where.items())


def look_up(content: Mapping[str, Any], path: str) -> Json:
    """The field, `a.b` going into objects; None where it is missing."""
    value: Json = content
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def meets_condition(value: Json, wanted: Any) -> bool:
    operators = wanted if isinstance(wanted, Mapping) else {"equals": wanted}
    return all(_meets_one(value, operator, operand) for operator, operand in operators.items())


def equals_json(left: Json, right: Json) -> bool:
    """Equality of JSON values: 1 is 1.0, but neither `true` nor `"1"`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Json) -> str:
    """One text per different JSON value, to count what is the same together."""
    return json.dumps(value, sort_keys=True)


def _meets_one(value: Json, operator: str, operand: Any) -> bool:
    if operator == "exists":
        return (value is not None) is operand
    if operator == "not":
        return not meets_condition(value, operand)
    return value is not None and _OPERATORS[operator](value, operand)


def _any_of(value: Json, choices: list[Any]) -> bool:
    members = value if isinstance(value, list) else [value]
    return any(equals_json(member, choice) for member in members for choice in choices)


def _contains(value: Json, part: Any) -> bool:
    if isinstance(value, list):
        return any(equals_json(member, part) for member in value)
    return isinstance(value, str) and isinstance(part, str) and part in value


def _path_prefix(value: Json, prefix: str) -> bool:
    if not isinstance(value, str):
        return False
    segments, wanted = _segments(value), _segments(prefix)
    return segments[: len(wanted)] == wanted


def _segments(url: str) -> list[str]:
    """The path's segments: without scheme, host, query and fragment, and without the empty one a last `/` makes."""
    path = url.split("#")[0].split("?")[0]
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path):
        path = "/" + "/".join(path.split("://", 1)[1].split("/")[1:])
    segments = (path or "/").split("/")  # a URL without a path is that of the root
    return segments[:-1] if segments[-1] == "" else segments


_OPERATORS = {
    "equals": equals_json,
    "any_of": _any_of,
    "contains": _contains,
    "prefix": lambda value, start: isinstance(value, str) and value.startswith(start),
    "path_prefix": _path_prefix,
    "matches": lambda value, pattern: isinstance(value, str) and bool(re2.search(pattern, value)),
    "above": lambda value, limit: is_number(value) and value > limit,
    "below": lambda value, limit: is_number(value) and value < limit,
    "between": lambda value, ends: is_number(value) and ends[0] <= value <= ends[1],
}
