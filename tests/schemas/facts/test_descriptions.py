"""Every fact type that rules may name has a meaning, and every field of it one with an example that is valid."""

import pytest

from schemas.facts import RULE_TYPES, TYPE_MEANINGS, TYPES, check_fact, field_kinds, field_texts, sample_of, unversioned
from schemas.facts.descriptions import _FIELDS, _FIELDS_OF_TYPES


@pytest.mark.parametrize("type_name", RULE_TYPES)
def test_every_field_has_a_meaning_and_the_sample_is_a_valid_fact(type_name: str) -> None:
    newest = max(type_ for type_ in TYPES if unversioned(type_) == type_name)
    assert all(text.meaning for text in field_texts(type_name))
    assert check_fact(newest, sample_of(type_name)) == sample_of(type_name)


def test_types_and_meanings_are_the_same() -> None:
    assert set(TYPE_MEANINGS) == set(RULE_TYPES)


def test_nothing_is_described_that_no_type_has() -> None:
    fields = {(type_name, field) for type_name in RULE_TYPES for field in field_kinds(type_name)}
    assert set(_FIELDS) - {field for _, field in fields} == set()
    assert set(_FIELDS_OF_TYPES) - fields == set()


def test_kinds_are_those_that_the_class_allows() -> None:
    assert field_kinds("meeting.held")["attendees"] == {"number", "list"}
    assert field_kinds("account.registered")["employees"] == {"number", "text"}
    assert field_kinds("custom.tracked")["properties"] == {"object"}
    assert field_kinds("nps.answered")["score"] == {"number"}
    assert field_kinds("nobody.knows") == {}
