"""Tables fit the terminal: columns are folded, cut and left out by their weight, IDs stay whole."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from staffel.cli.output import print_table
from staffel.cli.table_text import TableText
from tests.staffel.cli.cli_runner import CommandResult, run_ok

ACCOUNTS = TableText(
    ["account", "name", "score", "drops"],
    [["rheinquell-biologics.example", "Rheinquell Biologics GmbH", "219.8", "in 65 d"]],
    numbers=frozenset({"score"}),
    truncated=frozenset({"name"}),
)


def lines_at(width: int, table: TableText, optional: Sequence[str] = ()) -> list[str]:
    return table.without(table.columns_to_leave_out(width, optional)).lines(Console(width=width))


def test_a_wide_terminal_shows_every_column_whole() -> None:
    assert lines_at(80, ACCOUNTS, ["drops"]) == [
        "account                       name                       score  drops",
        "─" * 71,
        "rheinquell-biologics.example  Rheinquell Biologics GmbH  219.8  in 65 d",
    ]


def test_long_names_are_cut_before_a_column_is_left_out() -> None:
    assert lines_at(60, ACCOUNTS, ["drops"])[2] == "rheinquell-biologics.example  Rheinquell Bi…  219.8  in 65 d"


def test_columns_are_left_out_in_their_order_and_no_more_than_needed() -> None:
    assert ACCOUNTS.columns_to_leave_out(56, ["drops", "name"]) == ["drops"]
    assert ACCOUNTS.columns_to_leave_out(40, ["drops", "name"]) == ["drops", "name"]
    assert lines_at(40, ACCOUNTS, ["drops", "name"])[2] == "rheinquell-biologics.example  219.8"


def test_a_row_becomes_lines_where_even_that_is_too_wide() -> None:
    assert lines_at(30, ACCOUNTS) == [
        "account  rheinquell-biologics.example",
        "name     Rheinquell Biologics",
        "         GmbH",
        "score    219.8",
        "drops    in 65 d",
    ]


def test_text_of_several_lines_breaks_between_words_and_is_never_narrower_than_can_be_read() -> None:
    advice = TableText(
        ["check", "what to do"], [["log", "start the worker, then look again"]], wrapped=frozenset({"what to do"})
    )
    assert lines_at(31, advice)[2:] == ["log    start the worker, then", "       look again"]
    assert lines_at(22, advice) == ["check       log", "what to do  start the worker,", "            then look again"]


cells = st.text("abc 日é-", max_size=30)


@given(st.lists(st.tuples(cells, cells, cells), max_size=4), st.integers(20, 100))
def test_no_line_is_wider_than_the_terminal_unless_a_whole_cell_is(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    table = TableText(["id", "name", "why"], rows, truncated=frozenset({"name"}), wrapped=frozenset({"why"}))
    widest = max((cell_len(row[0]) for row in rows), default=0) + len("name") + 2
    assert all(cell_len(line) <= max(width, widest, 30 + 6) for line in lines_at(width, table))


def test_what_is_left_out_is_named_below(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_table("", ["account", "drops"], [["rheinquell.example", "in 65 d"]], optional=["drops"])
    assert capsys.readouterr().out.splitlines()[3:] == ["Left out at 20 columns: drops. COLUMNS=150 shows more."]


def test_without_a_terminal_a_table_has_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    shown: CommandResult = run_ok("doctor")
    assert [line for line in shown.out.splitlines() if len(line) > 80] == []
