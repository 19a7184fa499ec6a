"""Tables: whichever way their header is written, each row is read or rejected with its line, and none is swallowed."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.files.csv_records import BadRecord, read_records
from intake.files.csv_rows import TableRow, read_rows
from intake.files.table_header import RequiredField
from intake.observation import Rejected

COLUMNS = {"name": ("Name",), "site": ("Website",), "size": ("Employees",)}
REQUIRED = (RequiredField(("name",)),)
OPEN_QUOTE = 'a quote opens and does not close in this row: remove it, or write "" for a quote within a quoted value'


def read(folder: Path, *lines: str) -> list[tuple[str, ...]]:
    """Line, name and site of each row; line and code of each rejection."""
    path = folder / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        (row.where[6:], row.text("name") or "", row.text("site") or "") if isinstance(row, TableRow) else row_code(row)
        for row in read_rows(path, COLUMNS, REQUIRED)
    ]


def row_code(rejected: Rejected) -> tuple[str, ...]:
    return rejected.where[6:], rejected.code


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;\r", "", "  "])
def test_lines_before_the_header_are_skipped(tmp_path: Path, first: str) -> None:
    assert read(tmp_path, first, "Name;Website", "Acme;acme.example") == [("3", "Acme", "acme.example")]


def test_the_separator_line_decides_the_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, "sep=^", "Name^Website", "A;B^acme.example") == [("3", "A;B", "acme.example")]
    assert read(tmp_path, "sep=\\t", "Name\tWebsite", "A\tacme.example") == [("3", "A", "acme.example")]


def test_a_quoted_header_does_not_decide_the_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, 'Name;"Street, town, country"', "Acme;x") == [("2", "Acme", "")]


def test_titles_of_a_report_before_the_header_are_skipped(tmp_path: Path) -> None:
    rows = read(tmp_path, "Accounts with owner,,", "As of 2026-01-05,,", "", "Name;Website", "Acme;acme.example")
    assert rows == [("5", "Acme", "acme.example")]
    assert read(tmp_path, "Firma,Seite", "Acme,acme.example") == [("", "missing_column")]


@pytest.mark.parametrize("second", ["Website.1", "Website_2", "Website (2)", "Website2"])
def test_a_column_that_a_program_has_numbered_counts_as_one_of_the_same_name(tmp_path: Path, second: str) -> None:
    rows = read(tmp_path, f"Name,{second},Website", "Acme,acme.example,", "Beta,x.example,beta.example")
    assert rows == [("2", "Acme", "acme.example"), ("3", "Beta", "beta.example")]
    assert read(tmp_path, f"Name,{second}", "Acme,acme.example") == [("2", "Acme", "")]


def test_of_columns_of_one_name_the_first_filled_one_is_read(tmp_path: Path) -> None:
    rows = read(
        tmp_path, "Name,Website,website", "Acme,,acme.example", "Beta,beta.example,", "Gamma,g.example,h.example"
    )
    assert rows == [("2", "Acme", "acme.example"), ("3", "Beta", "beta.example"), ("4", "Gamma", "g.example")]


def test_text_marked_as_a_formula_is_text(tmp_path: Path) -> None:
    rows = read(tmp_path, "Name,Website", '="00111",a.example', '"=""00222""",', '="",b.example', "=A1,c.example")
    assert [row[1] for row in rows] == ["00111", "00222", "", "=A1"]
    quoted = read(tmp_path, "Name,Website", "'00111,'+49", "'s-Hertogenbosch BV,x", "'t Hoekje,x")
    assert [row[1:] for row in quoted] == [("00111", "+49"), ("'s-Hertogenbosch BV", "x"), ("'t Hoekje", "x")]


def test_an_open_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "Name,Website,Employees",
        "Acme,acme.example,1",
        '"Beta,beta.example,2',
        "Gamma,gamma.example,3",
        'Eps,"eps.example",4',
        "Zeta,zeta.example,5",
    )
    assert rows == [
        ("2", "Acme", "acme.example"),
        ("3", "bad_row"),
        ("4", "Gamma", "gamma.example"),
        ("5", "Eps", "eps.example"),
        ("6", "Zeta", "zeta.example"),
    ]


def test_a_row_swallowed_without_an_error_of_syntax_is_told(tmp_path: Path) -> None:
    rows = read(
        tmp_path, "Name,Website,Employees", '"Beta,beta.example,2', 'Gamma",gamma.example,3', "Zeta,zeta.example,5"
    )
    assert rows == [("2", "bad_row"), ("3", "bad_row"), ("4", "Zeta", "zeta.example")]


def test_an_open_quote_before_the_end_costs_its_own_row_alone(tmp_path: Path) -> None:
    rows = read(tmp_path, "Name,Website", '"Beta,beta.example', *["Gamma,gamma.example"] * 200)
    assert rows == [("2", "bad_row"), *((str(number), "Gamma", "gamma.example") for number in range(3, 203))]


def test_a_value_of_several_lines_after_an_open_quote_is_read(tmp_path: Path) -> None:
    rows = read(tmp_path, "Name,Website", '"Beta,beta.example', '"Gamma', 'Group",gamma.example', "Zeta,zeta.example")
    assert rows == [("2", "bad_row"), ("3", "Gamma\nGroup", "gamma.example"), ("5", "Zeta", "zeta.example")]


def test_a_text_of_several_lines_with_commas_is_one_value(tmp_path: Path) -> None:
    rows = read(tmp_path, "Name,About,Website", 'Acme,"Pipes, tubes, wires', 'and more, in Berlin",acme.example')
    assert rows == [("2", "Acme", "acme.example")]


def test_a_line_over_the_budget_is_rejected_and_the_others_are_read(tmp_path: Path) -> None:
    rows = read(tmp_path, "Name,Website", '"Beta,b.example', "x" * 1_100_000, "Zeta,zeta.example")
    assert rows == [("2", "bad_row"), ("3", "too_large"), ("4", "Zeta", "zeta.example")]


def test_a_table_of_too_many_columns_is_refused_whole(tmp_path: Path) -> None:
    assert read(tmp_path, "Name" + "," * 5_000, "Acme") == [("", "too_complex")]


LINES = st.lists(
    st.text(alphabet='a",;\n', max_size=8).map(lambda text: text + "\n") | st.sampled_from(['"x\n', 'a","\n', "a,b\n"])
)


@given(LINES)
def test_no_line_is_lost(lines: list[str]) -> None:
    text = "".join(lines)
    found = list(read_records(io.StringIO(text, newline=""), ",", 2, 0))
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    ends = [*numbers[1:], text.count("\n") + 1][: len(numbers)]
    spans = [end - start for start, end in zip(numbers, ends, strict=True)]
    for (_, cells), lines_of_record in zip(found, spans, strict=True):
        assert lines_of_record == 1 or "\n" in "".join(cells)
        assert not isinstance(cells, BadRecord) or lines_of_record == 1


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6)), max_size=6))
def test_what_a_program_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    found = [cells for _, cells in read_records(io.StringIO(written.getvalue(), newline=""), ",", 3, 0)]
    assert found == [list(row) for row in rows] or any("," in "".join(row) for row in rows)
