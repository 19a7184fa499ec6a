"""Numbers of companies are read as one thing, or not at all."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.firmographics import DecimalMark, Notation, headcount_of, notation_of, number_of


@pytest.mark.parametrize(
    ("text", "notation", "expected"),
    [
        ("1100.04", ".", 1100.04),
        ("1,100.04", ".", 1100.04),
        ("1.100,04", ",", 1100.04),
        ("12,5", ",", 12.5),
        ("0.123", ".", 0.123),
        ("1234.567", ".", 1234.567),
        ("1.100.000", ",", 1_100_000),
        ("12,34,567", ".", 1_234_567),
        ("€ 1 100", None, 1100),
        ("1 234,567", ",", 1234.567),
        ("1'100.50 CHF", ".", 1100.5),
        ("US$ 1,234.5", ".", 1234.5),
        ("12.500,00 EUR", ",", 12_500),
        ("$-5", None, -5),
        ("(1,234.50)", ".", -1234.5),
        ("0", None, 0),
    ],
)
def test_a_number_that_shows_its_decimal_mark_has_one_reading(
    text: str, notation: Notation | None, expected: float
) -> None:
    found = [number_of(text, decimal) for decimal in (None, ".", ",")]
    assert (notation_of(text), found, type(found[0])) == (notation, [expected] * 3, type(expected))


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [("1.100", ".", 1.1), ("1.100", ",", 1100), ("1,100", ".", 1100), ("1,100", ",", 1.1), ("EUR 12.500", ",", 12_500)],
)
def test_a_number_of_two_readings_is_read_as_the_caller_says(text: str, decimal: DecimalMark, expected: float) -> None:
    assert (notation_of(text), number_of(text, decimal)) == ("either", expected)
    with pytest.raises(ValueError, match="two readings: "):
        number_of(text)


@pytest.mark.parametrize(
    "text", ["", "many", "1e5", "1.23457E+11", "1-2", "9" * 50, "½", "nan", "1.2.3", "1,2,3", "1.234,567,8", "5 %"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number_of(text)
    assert notation_of(text) in (None, ".", ",")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", 42),
        ("1.200", 1_200),
        ("1,200", 1_200),
        ("1 200", 1_200),
        ("1.200,00", 1_200),
        ("350.0", 350),
        ("1.234.567", 1_234_567),
        ("201-500", 201),
        ("10,001+", 10_001),
        ("1.000 – 5.000", 1_000),
        ("10 001 bis 20 000", 10_001),
        ("1K-5K", 1_000),
        ("51-200 employees", 51),
        ("500 Mitarbeiter", 500),
        (">1000", 1_000),
    ],
)
def test_a_number_of_people_is_whole_and_of_a_range_the_lower_end(text: str, expected: int) -> None:
    assert headcount_of(text) == expected


@pytest.mark.parametrize("text", ["1.2", "12,5", "-5", "Nov 50", "5 million", "", "many", "1" * 200])
def test_a_number_of_people_is_never_a_fraction(text: str) -> None:
    with pytest.raises(ValueError, match="not a number of people"):
        headcount_of(text)


@given(st.integers(-(10**12), 10**12), st.integers(0, 99), st.sampled_from([".", ","]))
def test_every_amount_round_trips_in_both_notations(whole: int, cents: int, decimal: DecimalMark) -> None:
    english = f"{whole:,}.{cents:02}"
    text = english if decimal == "." else english.translate(str.maketrans(",.", ".,"))
    assert number_of(text) == float(f"{whole}.{cents:02}")


@given(st.text(alphabet="0123456789.,'() €-+kK", max_size=40) | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (number_of, headcount_of):
        with suppress(ValueError):
            assert isinstance(reader(text), int | float)
