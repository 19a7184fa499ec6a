"""What every host can keep, as a key or in a column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fitness import (
    is_contact_key,
    is_domain_text,
    is_indexed_text,
    is_key,
    is_text,
    stored_text,
    text_or_null,
)

ANY_TEXT = st.text(st.characters() | st.just("\0") | st.characters(categories=["Cs"]))
HALF_A_CHARACTER = "a\ud800"


@pytest.mark.parametrize("value", [None, 5, True, ["x"], {}, b"x", "a\0b", HALF_A_CHARACTER])
def test_what_no_column_can_hold_becomes_null(value: object) -> None:
    assert (is_text(value), text_or_null(value), is_key(value)) == (False, None, False)


@pytest.mark.parametrize("value", ["", "acme.com", "Ärzte GmbH", "\u202e\n", "😀", "x" * 100_000])
def test_every_other_text_stays_as_it_is(value: str) -> None:
    assert (is_text(value), text_or_null(value), stored_text(value)) == (True, value, value)


def test_a_column_that_needs_a_value_shows_where_something_is_missing() -> None:
    assert (stored_text("a\0b"), stored_text(HALF_A_CHARACTER)) == ("a\ufffdb", "a?")


@given(ANY_TEXT)
def test_what_is_stored_always_fits_and_fitting_texts_are_stored_unchanged(text: str) -> None:
    assert is_text(stored_text(text))
    assert is_text(text) == (stored_text(text) == text and text_or_null(text) == text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", False),
        ("x" * 1_000, True),
        ("x" * 1_001, False),
        ("ü" * 1_000, True),
        ("語" * 667, False),
        ("語" * 666, True),
    ],
)
def test_a_key_is_bounded_in_characters_and_in_bytes(text: str, fits: bool) -> None:
    assert is_key(text) == fits


@pytest.mark.parametrize(
    ("account", "contact", "fits"),
    [
        ("acme.com", "c_a", True),
        ("acme.com", "c_\0a", False),
        ("acme.com", HALF_A_CHARACTER, False),
        ("x" * 1_000, "~account", True),
        ("acme.com", "c" * 991, True),
        ("acme.com", "c" * 992, False),
        ("語" * 600, "語" * 200, False),
    ],
)
def test_a_contact_needs_room_beside_its_account(account: str, contact: str, fits: bool) -> None:
    assert is_contact_key(account, contact) == fits


@given(st.text(max_size=1_200).filter(is_key))
def test_every_account_that_fits_has_room_for_what_has_no_person(account: str) -> None:
    assert is_contact_key(account, "~account")


def test_what_shares_an_index_is_shorter_and_a_domain_has_the_size_of_one() -> None:
    assert [is_indexed_text(text) for text in ("x" * 600, "x" * 601, "ü" * 301, "a\0", 5)] == [True] + [False] * 4
    assert [is_domain_text(text) for text in ("acme.com", "x" * 254, "", None, 1, "a\0.com")] == [True] + [False] * 5
