"""`where`: conditions compiled into predicates over one value or one fact. Never raises on any value of JSON."""

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
    """Equality of JSON: 1 is 1.0, but true is not 1."""
    return bool(value == expected) and isinstance(value, bool) == isinstance(expected, bool)


def url_path(url: str) -> str:
    """The path of an absolute URL or of a path with its query: nothing decoded, nothing lower-cased."""
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
        # the cheap look first: most pages do not hold the words at all
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
    inner = compile_condition(condition)
    # scoring.md 6: a missing field meets only `exists: false`, whichever way round that is said
    matches_missing = condition == Condition(exists=True)
    return lambda value: matches_missing if is_missing(value) else not inner(value)


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
    """All operators of a condition together, over the value of its field."""
    predicates = [
        build(operand) for name, build in _OPERATORS.items() if (operand := getattr(condition, name)) is not None
    ]
    return all_of(predicates)


def all_of(predicates: list[Predicate]) -> Predicate:
    """True where every test holds."""
    if len(predicates) == 1:
        return predicates[0]
    if len(predicates) == 2:
        first, second = predicates
        return lambda value: first(value) and second(value)
    return lambda value: all(test(value) for test in predicates)


def predicate_on(read: Callable[[Any], Any], predicate: Predicate) -> Predicate:
    """The test over what `read` takes from its argument."""
    return lambda subject: predicate(read(subject))


def path_reader(path: tuple[str, ...]) -> Callable[[Any], Any]:
    """Goes on into nested objects: `a.b`."""

    def read(value: Any) -> Any:
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return read


def compile_account_conditions(where: dict[str, Condition]) -> Predicate:
    """The conditions of a mapping field -> condition, over a dict of account fields."""
    predicates = [
        predicate_on(path_reader(tuple(field.split("."))), compile_condition(condition))
        for field, condition in where.items()
    ]
    return all_of(predicates)
