"""`where`: conditions compiled into predicates over one value or one fact. Never raises on any value of JSON."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from operator import eq
from typing import Any

import re2
from msgspec import UNSET

from scoring.model.loading import Condition

Test = Callable[[Any], bool]

_PARTS = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#]*)?([^?#]*)")


def missing(value: Any) -> bool:
    return value is None or value is UNSET


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(value: Any, wanted: Any) -> bool:
    """Equality of JSON: 1 is 1.0, but true is not 1."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def path_of(url: str) -> str:
    """The path of an absolute URL or of a path with its query: nothing decoded, nothing lower-cased."""
    parts = _PARTS.match(url)
    assert parts is not None, "all of it may be empty"
    authority, path = parts.groups()
    return "/" if authority is not None and not path else path


def equals(wanted: Any) -> Test:
    if isinstance(wanted, str):
        return partial(eq, wanted)
    return lambda value: same(value, wanted)


def any_of(wanted: Iterable[Any]) -> Test:
    options = tuple(wanted)

    def one(value: Any) -> bool:
        return any(same(value, option) for option in options)

    return lambda value: any(map(one, value)) if isinstance(value, list) else one(value)


def contains(wanted: Any) -> Test:
    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(same(member, wanted) for member in value)
        return isinstance(value, str) and isinstance(wanted, str) and wanted in value

    return test


def prefix(wanted: str) -> Test:
    return lambda value: isinstance(value, str) and value.startswith(wanted)


def path_prefix(wanted: str) -> Test:
    stem = wanted.rstrip("/")

    def test(value: Any) -> bool:
        # the cheap look first: most pages do not hold the words at all
        if not isinstance(value, str) or stem not in value:
            return False
        path = path_of(value)
        return path == stem or path.startswith(stem + "/")

    return test


def matches(pattern: str) -> Test:
    search = re2.compile(pattern).search
    return lambda value: isinstance(value, str) and search(value) is not None


def above(bound: float) -> Test:
    return lambda value: is_number(value) and value > bound


def below(bound: float) -> Test:
    return lambda value: is_number(value) and value < bound


def between(bounds: tuple[float, float]) -> Test:
    low, high = bounds
    return lambda value: is_number(value) and low <= value <= high


def exists(wanted: bool) -> Test:
    return lambda value: missing(value) is not wanted


def not_(condition: Condition) -> Test:
    inner = compile_condition(condition)
    # scoring.md 6: a missing field meets only `exists: false`, whichever way round that is said
    asks_presence = condition == Condition(exists=True)
    return lambda value: asks_presence if missing(value) else not inner(value)


_OPERATORS: dict[str, Callable[[Any], Test]] = {
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


def compile_condition(condition: Condition) -> Test:
    """All operators of a condition together, over the value of its field."""
    tests = [make(operand) for name, make in _OPERATORS.items() if (operand := getattr(condition, name)) is not None]
    return all_of(tests)


def all_of(tests: list[Test]) -> Test:
    """True where every test holds."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda value: first(value) and second(value)
    return lambda value: all(test(value) for test in tests)


def reading(read: Callable[[Any], Any], test: Test) -> Test:
    """The test over what `read` takes from its argument."""
    return lambda subject: test(read(subject))


def walk(path: tuple[str, ...]) -> Callable[[Any], Any]:
    """Goes on into nested objects: `a.b`."""

    def read(value: Any) -> Any:
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return read


def compile_fields(where: dict[str, Condition]) -> Test:
    """The conditions of a mapping field -> condition, over a dict of account fields."""
    tests = [reading(walk(tuple(field.split("."))), compile_condition(condition)) for field, condition in where.items()]
    return all_of(tests)
