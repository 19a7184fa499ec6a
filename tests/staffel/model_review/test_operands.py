"""Operands that no value can meet: of another kind than the field, out of every range, against each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import field_kinds
from scoring.model import Condition
from scoring.plan import compile_condition
from staffel.model_review.operands import operand_findings

ACCOUNT = field_kinds("account.registered")


def findings(field: str, condition: dict[str, Any] | str | float | bool) -> list[tuple[str, str, bool]]:
    """Where, why, and whether the condition can never hold."""
    read = Condition.model_validate(condition)
    return [
        (".".join(map(str, path)), why, final) for path, why, final in operand_findings(field, ACCOUNT[field], read)
    ]


@pytest.mark.parametrize(
    ("field", "condition", "path", "message"),
    [
        ("customer", "yes", "equals", "`customer` is true or false, and yes is text; write true without quotes"),
        ("customer", "No", "equals", "`customer` is true or false, and No is text; write false without quotes"),
        ("customer", 1, "equals", "`customer` is true or false, and 1 is a number"),
        ("country", 49, "equals", '`country` is text, and 49 is a number; write "49"'),
        ("segment", True, "equals", '`segment` is text, and true is true or false; write "true"'),
        (
            "domains", "acme.com", "equals",
            "`domains` is a list, which equals no single value; write `contains: acme.com`",
        ),
        ("domains", {"prefix": "acme"}, "prefix", "`domains` is a list, and `prefix` looks at text alone"),
        ("country", {"above": 3}, "above", "`country` is text, and `above` compares numbers alone"),
        (
            "customer", {"contains": "y"}, "contains",
            "`customer` is true or false, and `contains` looks into text and lists alone",
        ),
        ("industry", {"contains": 7}, "contains", '`industry` is text, which holds only text; write "7"'),
        ("customer", {"matches": "t"}, "matches", "`customer` is true or false, and `matches` looks at text alone"),
        (
            "employees", {"above": 500, "below": 50}, "above",
            "no number is above 500 and below 50; the bound of `below` must be the greater one",
        ),
        (
            "employees", {"above": 50, "below": 50}, "above",
            "no number is above 50 and below 50; the bound of `below` must be the greater one",
        ),
        (
            "employees", {"between": [10, 20], "above": 20}, "between",
            "no number is within these bounds and meets `above` or `below`",
        ),
        (
            "employees", {"equals": 5, "above": 10}, "equals",
            "the other operators beside it allow no such value; all of them must hold",
        ),
        (
            "country", {"any_of": ["DE", "AT"], "prefix": "X"}, "any_of",
            "the other operators beside it allow no such value; all of them must hold",
        ),
        (
            "country", {"exists": False, "equals": "DE"}, "exists",
            "a missing field meets no other operator; remove `exists: false`, or the others",
        ),
    ],
)  # fmt: skip
def test_what_no_value_can_meet_is_final(field: str, condition: Any, path: str, message: str) -> None:
    assert (path, message, True) in findings(field, condition)


def test_one_member_that_no_value_equals_leaves_the_others() -> None:
    assert findings("customer", {"any_of": [True, "yes"]}) == [
        ("any_of.1", "`customer` is true or false, and yes is text; write true without quotes", False)
    ]


def test_a_number_may_have_come_as_text_so_that_text_is_doubtful_only() -> None:
    why = "`employees` is a number, which text never equals; write 500 without quotes"
    assert findings("employees", "500") == [("equals", why, False)]


def test_what_never_holds_within_not_always_holds_and_is_doubtful_only() -> None:
    why = "`customer` is true or false, and yes is text; write true without quotes"
    assert findings("customer", {"not": {"equals": "yes"}}) == [("not.equals", why, False)]


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("customer", True),
        ("country", {"any_of": ["DE", "AT"]}),
        ("domains", {"contains": "acme.com"}),
        ("domains", {"any_of": ["acme.com", "acme.de"]}),
        ("domains", {"any_of": ["acme.com"], "contains": "acme.de"}),
        ("employees", {"between": [10, 10]}),
        ("employees", {"between": [10, 20], "above": 10}),
        ("employees", {"equals": 5, "above": 4, "not": {"equals": 6}}),
        ("industry", {"exists": False}),
        ("industry", {"not": {"exists": False}, "prefix": "bio"}),
    ],
)
def test_what_a_value_can_meet_is_right(field: str, condition: Any) -> None:
    assert findings(field, condition) == []


numbers = st.integers(-3, 3).map(float)
ranges = st.fixed_dictionaries(
    {},
    optional={
        "above": numbers,
        "below": numbers,
        "between": st.tuples(numbers, numbers).map(sorted),
        "equals": numbers,
        "any_of": st.lists(numbers, min_size=1, max_size=3),
    },
).filter(bool)


@given(ranges)
def test_a_condition_on_numbers_is_final_exactly_if_no_number_meets_it(condition: dict[str, Any]) -> None:
    read = Condition.model_validate(condition)
    holds = compile_condition(read)
    candidates = [half / 2 for half in range(-10, 11)]
    never = not any(map(holds, candidates))
    assert any(final for *_, final in operand_findings("employees", frozenset({"number"}), read)) == never
