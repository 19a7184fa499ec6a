"""CSV: RFC 4180, the columns of the JSON output, and nothing that a spreadsheet would run."""

import csv
import io
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staffel.cli.csv_text import csv_text
from staffel.cli.reference import all_commands
from tests.staffel.cli.cli_runner import cloud_event, page_view, run_cli, run_json, run_ok, write_lines
from tests.staffel.conftest import STAFFEL

LISTS = {
    "accounts", "alerts check", "alerts list", "audit replay", "contact list", "dead-letters list", "doctor",
    "erasures list", "handoffs", "model fields", "model list", "model types", "sources show", "suppressions list",
    "topics check",
}  # fmt: skip
NEVER_EMPTY = {"alerts check", "doctor", "model fields", "model list", "model types"}


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_row_has_the_fields_of_its_json_one_column_each() -> None:
    row = {"account": "acme.com", "fit": {"points": 62.5, "grade": "B"}, "late": False, "due_at": None}
    assert csv_text([row]) == "account,fit.points,fit.grade,late,due_at\r\nacme.com,62.5,B,false,\r\n"


def test_numbers_keep_their_precision_and_their_sign() -> None:
    assert csv_text([{"points": -104.52373412345678, "seq": 3}]) == "points,seq\r\n-104.52373412345678,3\r\n"


def test_a_list_of_plain_values_is_one_cell_and_a_list_of_objects_is_json() -> None:
    row = {"people": ["c_a", "c_b"], "reasons": [{"rule": "page", "points": 1.5}]}
    assert read_back(csv_text([row]))[1] == ["c_a; c_b", '[{"rule":"page","points":1.5}]']


def test_fields_that_only_some_rows_have_stand_beside_their_neighbours() -> None:
    rows = [{"account": "a", "tracks": {"new": 1}, "seq": 1}, {"account": "b", "tracks": {"old": 2}, "seq": 2}]
    assert csv_text(rows) == "account,tracks.old,tracks.new,seq\r\na,,1,1\r\nb,2,,2\r\n"


def test_a_list_without_rows_still_has_its_head() -> None:
    assert csv_text([], ("account", "score")) == "account,score\r\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "＝", " =", "\u00a0@"])
def test_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(sign: str) -> None:
    assert read_back(csv_text([{"name": f"{sign}1"}])) == [["name"], [f"'{sign}1"]]


def test_a_carriage_return_is_shown_and_never_sent() -> None:
    assert read_back(csv_text([{"name": "\r=1"}])) == [["name"], ["\\r=1"]]


@given(st.lists(st.fixed_dictionaries({"a": st.text("=+-@'\",\n ;x"), "b": st.text(max_size=3)}), min_size=1))
def test_every_reader_of_csv_finds_as_many_rows_and_cells(rows: list[dict[str, str]]) -> None:
    found = read_back(csv_text(rows))
    assert [len(row) for row in found] == [2] * (len(rows) + 1)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for row in found for cell in row)


def test_every_command_that_lists_has_csv() -> None:
    with_csv = {
        name for name, command in all_commands() for each in command.params if "--csv" in each.opts
    }  # fmt: skip
    assert with_csv == LISTS


@pytest.mark.parametrize("command", sorted(LISTS))
def test_json_and_csv_exclude_each_other_in_any_order(command: str) -> None:
    message = "--json and --csv: choose one of them"
    assert run_cli(*command.split(), "--json", "--csv").failure == (2, message)
    assert run_cli(*command.split(), "--csv", "--json").failure == (2, message)


@pytest.mark.parametrize("command", sorted(LISTS - NEVER_EMPTY - {"topics check"}))
def test_a_list_without_rows_is_a_head_alone(command: str) -> None:
    shown = run_ok(*command.split(), "--csv").out
    assert (shown.count("\r\n"), shown.endswith("\r\n"), "," in shown) == (1, True, True)


def test_the_accounts_as_csv_are_those_of_json() -> None:
    named = cloud_event("r", "account.registered", data={"name": '=cmd|"/C calc"!A0', "country": "DE"})
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), named, page_view("one")))
    [row] = run_json("accounts")
    [found] = csv.DictReader(io.StringIO(run_ok("accounts", "--csv").out, newline=""))
    assert (found["account"], found["name"], found["as_of"]) == ("acme.com", '\'=cmd|"/C calc"!A0', row["as_of"])
    assert [float(found[f"tracks.{track}.score"]) for track in row["tracks"]] == [
        each["score"] for each in row["tracks"].values()
    ]


def test_csv_is_utf8_with_line_ends_of_rfc_4180_whatever_the_locale_is() -> None:
    run_ok("account", "register", "acme.com", "--name", "Zürcher Bio\nGmbH, Łódź", "--industry", "biotech")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    written = subprocess.run([STAFFEL, "accounts", "--csv"], env=environment, capture_output=True, check=True).stdout
    head, row = written.decode("utf-8").split("\r\n")[:2]
    assert head.startswith("account,name,stage,score,")
    assert row.startswith('acme.com,"Zürcher Bio\nGmbH, Łódź",')
    assert written.endswith(b"\r\n")
