"""What closes a track, in words: the conditions of its `when` that the account does not meet."""

from collections.abc import Iterator
from typing import Any

from scoring.model.loading import Condition
from scoring.plan.conditions import compile_condition, is_missing, path_reader

_STATEMENTS = {
    ("customer", True): "the account is a customer",
    ("customer", False): "the account is not a customer",
    ("customer", None): "nobody has said that the account is a customer",
    ("target", True): "the account is a target account",
    ("target", False): "the account is not a target account",
    ("target", None): "nobody has said that the account is a target account",
}
"""(field, value) of the yes-no fields that every account can have."""
_MAX_VALUE_LENGTH = 60


def closures(when: dict[str, Condition], profile: dict[str, Any]) -> Iterator[str]:
    """One statement for each condition that does not hold: `the account is a customer`."""
    for field, condition in when.items():
        value = path_reader(tuple(field.split(".")))(profile)
        if not compile_condition(condition)(value):
            yield closure(field, value, condition)


def closure(field: str, value: Any, condition: Condition) -> str:
    if is_missing(value):
        known, stated = None, f"{field} is unknown"
    else:
        known, stated = value, f"{field} is {value_text(value)}"
    if known is None or isinstance(known, bool):
        statement = _STATEMENTS.get((field, known))
        if statement is not None:
            return statement
    return f"{stated}, required is {condition_text(condition)}"


def condition_text(condition: Condition) -> str:
    """`pharma or biotech`, `above 50`, `anything but DE`: all operators of a condition."""
    return " and ".join(operator_texts(condition))


def operator_texts(condition: Condition) -> Iterator[str]:
    if condition.equals is not None:
        yield value_text(condition.equals)
    if condition.any_of is not None:
        yield " or ".join(map(value_text, condition.any_of))
    for name, words in _WORDS.items():
        operand = getattr(condition, name)
        if operand is not None:
            yield f"{words} {value_text(operand)}"
    if condition.between is not None:
        yield " to ".join(map(value_text, condition.between))
    if condition.exists is not None:
        yield "any value" if condition.exists else "no value"
    if condition.not_ is not None:
        yield f"anything but {condition_text(condition.not_)}"


_WORDS = {
    "contains": "with",
    "prefix": "beginning with",
    "path_prefix": "below",
    "matches": "matching",
    "above": "above",
    "below": "below",
}


def value_text(value: Any) -> str:
    """A value as people write it, cut if it is long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"
