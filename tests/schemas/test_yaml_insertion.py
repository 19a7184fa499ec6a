"""Entries added to lists of YAML texts: the texts of people stay as they are, sign by sign."""

import pytest

from schemas import read_yaml, with_entries

NEW_YEAR, MAY_DAY = ("2027-01-01", "New Year's Day"), ("2027-05-01", "Labor Day")
LIST = ("a", "closed")


def added(text: str, *path: str | int) -> str:
    return with_entries(text, "file.yaml", path or LIST, [NEW_YEAR, MAY_DAY])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:   # first\n  hours: x   # why\n\n# next\nb: 1\n",
            "a:   # first\n  hours: x   # why\n  closed:\n    - 2027-01-01  # New Year's Day\n"
            "    - 2027-05-01  # Labor Day\n\n# next\nb: 1\n",
        ),
        (
            "a:\n    closed:\n    - 2026-12-25 # Christmas\n    # ours:\n    - '2026-12-31'\n    hours: x\n",
            "a:\n    closed:\n    - 2026-12-25 # Christmas\n    # ours:\n    - '2026-12-31'\n"
            "    - 2027-01-01  # New Year's Day\n    - 2027-05-01  # Labor Day\n    hours: x\n",
        ),
        ("a: {hours: x}   # one line\n", "a: {hours: x, closed: [2027-01-01, 2027-05-01]}   # one line\n"),
        ("a: {}\n", "a: {closed: [2027-01-01, 2027-05-01]}\n"),
        ("a: {closed: []}\n", "a: {closed: [2027-01-01, 2027-05-01]}\n"),
        ("a:\n  closed: [ ]\n", "a:\n  closed: [2027-01-01, 2027-05-01 ]\n"),
        (
            "a:\n  closed: [2026-12-25,  # Christmas\n    2026-12-31, ]\n",
            "a:\n  closed: [2026-12-25,  # Christmas\n    2026-12-31, 2027-01-01, 2027-05-01, ]\n",
        ),
        (
            "a:\n  hours: x",
            "a:\n  hours: x\n  closed:\n    - 2027-01-01  # New Year's Day\n    - 2027-05-01  # Labor Day\n",
        ),
        (
            "a:\r\n  hours: x\r\nb: 1\r\n",
            "a:\r\n  hours: x\r\n  closed:\r\n    - 2027-01-01  # New Year's Day\r\n"
            "    - 2027-05-01  # Labor Day\r\nb: 1\r\n",
        ),
        (
            "a:\n  deep:\n    - {x: 1}\n    - y: [1,\n          2]\n\n  # the end\nb: 2\n",
            "a:\n  deep:\n    - {x: 1}\n    - y: [1,\n          2]\n  closed:\n    - 2027-01-01  # New Year's Day\n"
            "    - 2027-05-01  # Labor Day\n\n  # the end\nb: 2\n",
        ),
    ],
)  # fmt: skip
def test_entries_come_last_and_all_else_stays(text: str, expected: str) -> None:
    assert added(text) == expected
    before, after = (read_yaml(each, "file.yaml").content["a"] for each in (text, expected))
    assert after == {**before, "closed": [*before.get("closed", []), "2027-01-01", "2027-05-01"]}


def test_the_way_may_lead_through_lists() -> None:
    text = "a:\n  - {to: x}\n  - to: y\n    when: z\n"
    assert added(text, "a", 0, "closed") == text.replace("{to: x}", "{to: x, closed: [2027-01-01, 2027-05-01]}")
    assert added(text, "a", 1, "closed") == (
        f"{text}    closed:\n      - 2027-01-01  # New Year's Day\n      - 2027-05-01  # Labor Day\n"
    )


@pytest.mark.parametrize("text", ["b: 1\n", "a: 1\n", "a: [1]\n", "a: {closed: 2027-01-01}\n", "a:\n"])
def test_where_there_is_no_place_for_a_list_nothing_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="a"):
        added(text)
