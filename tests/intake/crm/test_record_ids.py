"""Record ids are compared as the CRM means them, and refused where a spreadsheet has damaged them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.crm.record_ids import first_record_id, record_id_of, salesforce_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0015g00000AbCdE", "0015g00000AbCdEAAV"),
        ("0015g00000AbCdEAAV", "0015g00000AbCdEAAV"),
        ("0015G00000ABCDEAAV", "0015g00000AbCdEAAV"),
        ("0015g00000abcdeaav", "0015g00000AbCdEAAV"),
        ("0065g00000XyZ12", "0065g00000XyZ12AAF"),
        ("0015g00000abcde", "0015g00000abcdeAAA"),
        ("'00222", "00222"),
        ("111.0", "111"),
        ("001", "001"),
        ("1E5", "1E5"),
        ("001234567890123", "001234567890123"),
        ("ABCDEFGHIJKLMNO555", "ABCDEFGHIJKLMNO555"),
        ("7f3a-11ee", "7f3a-11ee"),
    ],
)
def test_an_id_has_one_form(text: str, expected: str) -> None:
    assert record_id_of(text) == expected


def test_ids_of_salesforce_that_differ_in_case_alone_are_two_records() -> None:
    assert salesforce_id("0015g00000AbCdE") != salesforce_id("0015g00000aBcDe")


@given(st.text("ABCabc019", min_size=13, max_size=13))
def test_any_case_of_the_long_form_is_the_same_record(end: str) -> None:
    long = salesforce_id(f"00Q{end[1:]}")
    assert long is not None
    assert (salesforce_id(long), salesforce_id(long.lower()), salesforce_id(long.upper())) == (long, long, long)


@pytest.mark.parametrize(
    "text",
    [
        "1.23457E+11",
        "1,23457E+11",
        "9.9e+10",
        "1.23457E11",
        "1.2E+011",
        "1E+15",
        "123456789012345000",
        "1234567890123450",
        "########",
    ],
)
def test_an_id_that_a_spreadsheet_rounded_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a spreadsheet has rounded the id"):
        record_id_of(text)


def test_a_long_id_with_zeros_is_read_where_others_show_that_none_was_rounded() -> None:
    assert record_id_of("1234567890123450", keeps_long_ids=True) == "1234567890123450"


@pytest.mark.parametrize("text", ["111;222", "111, 222", " 111 ;", "111\n222"])
def test_of_several_ids_in_a_cell_the_first_is_read(text: str) -> None:
    assert first_record_id(text) == "111"
