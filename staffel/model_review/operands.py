"""Operands that no value of a field can meet: of another kind, out of every range, or against each other."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas import KeyPath
from schemas.facts import Kind
from scoring.model import Condition
from scoring.plan import compile_condition

Kinds = frozenset[Kind]
_NAMES: dict[Kind, str] = {
    "text": "text", "number": "a number", "flag": "true or false", "list": "a list", "object": "an object",
}  # fmt: skip
_TEXT_OPERATORS = ("prefix", "path_prefix", "matches")
_NUMBER_OPERATORS = ("above", "below", "between")


Limits = tuple[float, float]
NO_LIMITS: Limits = (float("-inf"), float("inf"))


class Finding(NamedTuple):
    """`path` is within the condition; `is_final`: the condition can therefore never hold."""

    path: KeyPath
    message: str
    is_final: bool


def operand_findings(field: str, kinds: Kinds, condition: Condition, limits: Limits = NO_LIMITS) -> Iterator[Finding]:
    """`kinds`: of the values of the field; empty if they are not known. `limits`: of its numbers."""
    yield from _kind_findings(field, kinds, condition)
    yield from _limit_findings(field, condition, limits)
    yield from _range_findings(condition)
    yield from _contradictions(kinds, condition)
    if condition.not_ is not None:
        for finding in operand_findings(field, kinds, condition.not_, limits):
            yield Finding(("not", *finding.path), finding.message, False)


def _kind_findings(field: str, kinds: Kinds, condition: Condition) -> Iterator[Finding]:
    if not kinds:
        return
    if condition.equals is not None and (why := _mismatch(field, kinds, condition.equals)):
        yield Finding(("equals",), why, _is_final(kinds))
    yield from _member_findings(field, kinds, condition.any_of or ())
    if condition.contains is not None and (why := _contains_problem(field, kinds, condition.contains)):
        yield Finding(("contains",), why, True)
    for operator in _TEXT_OPERATORS:
        if getattr(condition, operator) is not None and "text" not in kinds:
            yield Finding((operator,), f"`{field}` is {_kinds_text(kinds)}, and `{operator}` looks at text alone", True)
    for operator in _NUMBER_OPERATORS:
        if getattr(condition, operator) is not None and "number" not in kinds:
            why = f"`{field}` is {_kinds_text(kinds)}, and `{operator}` compares numbers alone"
            yield Finding((operator,), why, True)


def _member_findings(field: str, kinds: Kinds, members: tuple[Any, ...]) -> Iterator[Finding]:
    """Members of lists may be of any kind."""
    if "list" in kinds:
        return
    problems = {number: why for number, each in enumerate(members) if (why := _mismatch(field, kinds, each))}
    for number, why in problems.items():
        yield Finding(("any_of", number), why, len(problems) == len(members) and _is_final(kinds))


def _mismatch(field: str, kinds: Kinds, operand: Any) -> str | None:
    """Why no value of the field equals the operand."""
    kind = _kind_of(operand)
    if kind == "text" and {"text", "number"} <= kinds:
        hint = f"; write {operand} without quotes" if _is_number(operand) else ""
        return f"`{field}` is a number, which text never equals{hint}"
    if kind in kinds:
        return None
    if kinds == {"list"}:
        return f"`{field}` is a list, which equals no single value; write `contains: {_yaml(operand)}`"
    return f"`{field}` is {_kinds_text(kinds)}, and {_yaml(operand)} is {_NAMES[kind]}{_remedy(kinds, operand)}"


def _remedy(kinds: Kinds, operand: Any) -> str:
    if "flag" in kinds and isinstance(operand, str):
        meant = {"yes": "true", "true": "true", "y": "true", "no": "false", "false": "false", "n": "false"}
        return f"; write {meant.get(operand.casefold(), 'true or false')} without quotes"
    if "number" in kinds and isinstance(operand, str) and _is_number(operand):
        return f"; write {operand} without quotes"
    if "text" in kinds and not isinstance(operand, str):
        return f'; write "{_yaml(operand)}"'
    return ""


def _contains_problem(field: str, kinds: Kinds, operand: Any) -> str | None:
    if not kinds & {"text", "list"}:
        return f"`{field}` is {_kinds_text(kinds)}, and `contains` looks into text and lists alone"
    if "list" not in kinds and not isinstance(operand, str):
        return f'`{field}` is text, which holds only text; write "{_yaml(operand)}"'
    return None


def _limit_findings(field: str, condition: Condition, limits: Limits) -> Iterator[Finding]:
    """Numbers that the field never has."""
    low, high = limits
    shown = f"`{field}` is {low:g} at least" + ("" if high == float("inf") else f" and {high:g} at most")
    between = condition.between or (low, high)
    never = {
        "equals": _is_outside(condition.equals, limits),
        "any_of": bool(condition.any_of) and all(_is_outside(each, limits) for each in condition.any_of or ()),
        "above": condition.above is not None and condition.above >= high,
        "below": condition.below is not None and condition.below <= low,
        "between": between[1] < low or between[0] > high,
    }
    yield from (Finding((operator,), shown, True) for operator, is_never in never.items() if is_never)


def _is_outside(operand: Any, limits: Limits) -> bool:
    is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
    return is_number and not limits[0] <= operand <= limits[1]


def _range_findings(condition: Condition) -> Iterator[Finding]:
    """Bounds between which there is no number."""
    low, high = condition.between or (float("-inf"), float("inf"))
    above = float("-inf") if condition.above is None else condition.above
    below = float("inf") if condition.below is None else condition.below
    if condition.above is not None and condition.below is not None and above >= below:
        why = f"no number is above {above:g} and below {below:g}; the bound of `below` must be the greater one"
        yield Finding(("above",), why, True)
    elif max(low, above) > min(high, below) or above >= high or low >= below:
        yield Finding(("between",), "no number is within these bounds and meets `above` or `below`", True)


def _contradictions(kinds: Kinds, condition: Condition) -> Iterator[Finding]:
    """Operators of one condition that no value meets together."""
    if condition.exists is False and condition.model_fields_set - {"exists"}:
        yield Finding(
            ("exists",), "a missing field meets no other operator; remove `exists: false`, or the others", True
        )
    key = "any_of" if condition.equals is None else "equals"
    may_be_list = not kinds or "list" in kinds
    named = [condition.equals] if key == "equals" else [] if may_be_list else list(condition.any_of or ())
    holds = compile_condition(condition.model_copy(update={key: None}))
    if named and not any(map(holds, named)):
        yield Finding((key,), "the other operators beside it allow no such value; all of them must hold", True)


def _is_final(kinds: Kinds) -> bool:
    """A number may have come as text, which then is what it was sent as."""
    return not {"text", "number"} <= kinds


def _kind_of(operand: Any) -> Kind:
    if isinstance(operand, bool):
        return "flag"
    return "text" if isinstance(operand, str) else "number"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _kinds_text(kinds: Kinds) -> str:
    shown = kinds - {"text"} if {"text", "number"} <= kinds else kinds
    return " or ".join(text for kind, text in _NAMES.items() if kind in shown)


def _yaml(operand: Any) -> str:
    if isinstance(operand, bool):
        return str(operand).lower()
    return f"{operand:g}" if isinstance(operand, float) else str(operand)
