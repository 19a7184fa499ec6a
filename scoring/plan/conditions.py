"""Conditions of `where` and `when`, compiled into predicates. Total: they accept every JSON value."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from operator import eq
from typing import Any

import re2
from msgspec import UNSET

from scoring.model.loading import Condition

Predicate = Callable[[Any], bool]

_URL_PARTS = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#]*)?([^?#]*)")


def is_missing(value: Any) -> bool:
    return value is None or value is UNSET


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equals_json(value: Any, expected: Any) -> bool:
    """Equality of JSON values: 1 equals 1.0, but true does not equal 1."""
    return bool(value == expected) and isinstance(value, bool) == isinstance(expected, bool)


def url_path(url: str) -> str:
    """The path of an absolute URL, or of a path with a query, without decoding or lower-casing."""
    parts = _URL_PARTS.match(url)
    assert parts is not None, "all of it may be empty"
    authority, path = parts.groups()
    return "/" if authority is not None and not path else path


def equals(expected: Any) -> Predicate:
    if isinstance(expected, str):
        return partial(eq, expected)
    return lambda value: equals_json(value, expected)


def any_of(expected: Iterable[Any]) -> Predicate:
    options = tuple(expected)

    def is_option(value: Any) -> bool:
        return any(equals_json(value, option) for option in options)

    return lambda value: any(map(is_option, value)) if isinstance(value, list) else is_option(value)


def contains(expected: Any) -> Predicate:
    def predicate(value: Any) -> bool:
        if isinstance(value, list):
            return any(equals_json(member, expected) for member in value)
        return isinstance(value, str) and isinstance(expected, str) and expected in value

    return predicate


def prefix(expected: str) -> Predicate:
    return lambda value: isinstance(value, str) and value.startswith(expected)


def path_prefix(expected: str) -> Predicate:
    stem = expected.rstrip("/")

    def predicate(value: Any) -> bool:
        # The cheap check first: most URLs do not contain the text at all.
        if not isinstance(value, str) or stem not in value:
            return False
        path = url_path(value)
        return path == stem or path.startswith(stem + "/")

    return predicate


def matches(pattern: str) -> Predicate:
    search = re2.compile(pattern).search
    return lambda value: isinstance(value, str) and search(value) is not None


def above(bound: float) -> Predicate:
    return lambda value: is_number(value) and value > bound


def below(bound: float) -> Predicate:
    return lambda value: is_number(value) and value < bound


def between(bounds: tuple[float, float]) -> Predicate:
    low, high = bounds
    return lambda value: is_number(value) and low <= value <= high


def exists(expected: bool) -> Predicate:
    return lambda value: is_missing(value) is not expected


def not_(condition: Condition) -> Predicate:
    """Full negation (scoring.md 6): it holds for a missing field wherever the condition does not."""
    inner = compile_condition(condition)
    return lambda value: not inner(value)


_OPERATORS: dict[str, Callable[[Any], Predicate]] = {
    "equals": equals,
    "any_of": any_of,
    "contains": contains,
    "prefix": prefix,
    "path_prefix": path_prefix,
    "matches": matches,
    "above": above,
    "below": below,
    "between": between,
    "exists": exists,
    "not_": not_,
}


def compile_condition(condition: Condition) -> Predicate:
    """A predicate over the value of a field: all operators of the condition hold."""
    predicates = [
        build(operand) for name, build in _OPERATORS.items() if (operand := getattr(condition, name)) is not None
    ]
    return all_of(predicates)


def all_of(predicates: list[Predicate]) -> Predicate:
    """True if every predicate is."""
    if len(predicates) == 1:
        return predicates[0]
    if len(predicates) == 2:
        first, second = predicates
        return lambda value: first(value) and second(value)
    return lambda value: all(test(value) for test in predicates)


def predicate_on(read: Callable[[Any], Any], predicate: Predicate) -> Predicate:
    """The predicate applied to what `read` returns for its argument."""
    return lambda subject: predicate(read(subject))


def path_reader(path: tuple[str, ...]) -> Callable[[Any], Any]:
    """Reads a value from nested objects: `a.b`."""

    def read(value: Any) -> Any:
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return read


def compile_account_conditions(where: dict[str, Condition]) -> Predicate:
    """A predicate over account fields: all conditions of a mapping field -> condition hold."""
    predicates = [
        predicate_on(path_reader(tuple(field.split("."))), compile_condition(condition))
        for field, condition in where.items()
    ]
    return all_of(predicates)
