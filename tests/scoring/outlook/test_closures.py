"""A condition that does not hold, in words."""

from typing import Any

import pytest

from scoring.model.loading import Condition
from scoring.outlook.closures import closures


@pytest.mark.parametrize(
    ("field", "condition", "value", "words"),
    [
        ("customer", {"not": {"equals": True}}, True, "the account is a customer"),
        ("customer", True, None, "nobody has said that the account is a customer"),
        ("customer", True, False, "the account is not a customer"),
        ("target", True, False, "the account is not a target account"),
        ("customer", True, "soon", "customer is soon, required is yes"),
        ("segment", "big", "small", "segment is small, required is big"),
        ("segment", "big", None, "segment is unknown, required is big"),
        ("country", {"any_of": ["DE", "AT"]}, "FR", "country is FR, required is DE or AT"),
        ("country", {"not": {"equals": "DE"}}, "DE", "country is DE, required is anything but DE"),
        ("employees", {"above": 50}, 20, "employees is 20, required is above 50"),
        ("employees", {"between": [50, 200]}, 20.5, "employees is 20.5, required is 50 to 200"),
        ("employees", {"above": 50, "below": 90}, 20, "employees is 20, required is above 50 and below 90"),
        ("owner", {"exists": True}, None, "owner is unknown, required is any value"),
        ("owner", {"exists": False}, "anna", "owner is anna, required is no value"),
        ("name", {"matches": "^A"}, "B" * 70, f"name is {'B' * 59}…, required is matching ^A"),
        ("name", {"prefix": "A"}, "B", "name is B, required is beginning with A"),
        ("domains", {"contains": "a.com"}, ["b.com"], "domains is ['b.com'], required is with a.com"),
        ("active", True, False, "active is no, required is yes"),
    ],
)
def test_what_closes_a_track_is_said_in_words(field: str, condition: Any, value: Any, words: str) -> None:
    assert list(closures({field: Condition.model_validate(condition)}, {field: value})) == [words]


def test_a_condition_that_holds_closes_nothing() -> None:
    assert list(closures({"a.b": Condition.model_validate(1)}, {"a": {"b": 1}})) == []
