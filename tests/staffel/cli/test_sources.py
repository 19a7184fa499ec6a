"""`staffel sources check` and `show`."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, access_log_line, run_cli, run_json, run_ok, write_lines

SOURCES = """\
segment/website:
  keep: {properties: [plan, seats], titles: true}
  trust: browser
mbox: {keep: {subjects: true}, ours: [example.com]}
"""


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in STAFFEL_SOURCES."""
    path = home.parent / "sources.yaml"
    path.write_text(SOURCES)
    monkeypatch.setenv("STAFFEL_SOURCES", str(path))
    return path


def test_a_valid_file_is_counted(file: Path) -> None:
    assert run_ok("sources", "check").out == f"{file} is valid: settings of 2 sources\n"
    assert run_ok("sources", "check", "sources.yaml").out == "sources.yaml is valid: settings of 2 sources\n"


def test_a_file_with_problems_lists_them_by_line(file: Path) -> None:
    file.write_text("mbox:\n  keep: {subject: true}\n")

    assert run_cli("sources", "check").failure == (
        1,
        f"{file}:2: mbox.keep.subject: unknown key (did you mean 'subjects'?)",
    )


def test_a_check_answers_in_json_like_that_of_a_model(file: Path) -> None:
    assert run_json("sources", "check") == {"sources": ["segment/website", "mbox"], "problems": []}

    file.write_text("mbox:\n  keep: {subject: true}\n")
    result = run_cli("sources", "check", "--json")

    message = "unknown key (did you mean 'subjects'?)"
    problem = {"file": str(file), "line": 2, "key": "mbox.keep.subject", "message": message}
    assert (result.code, result.parsed) == (1, {"sources": [], "problems": [problem]})


def test_networks_that_cannot_be_used_are_a_problem(file: Path) -> None:
    file.write_text("access-log: {networks: networks.csv}\n")
    (file.parent / "networks.csv").write_text("203.0.113.0/24 acme.com\nnowhere acme.com\n")

    result = run_cli("sources", "check")

    assert result.code == 1
    assert result.err.startswith(f"{file}: access-log.networks: networks.csv:2: `nowhere` is not an IP network")


def test_without_a_file_the_command_shows_how_to_write_one() -> None:
    assert run_cli("sources", "check").failure == (
        2,
        "STAFFEL_SOURCES names no file; write one with the settings of sources, for example\n"
        "segment/website:\n  keep: {properties: [plan], query: [product]}\nmbox:\n  ours: [example.com]\n"
        "  keep: {subjects: true}",
    )
    assert run_ok("sources", "show").out == (
        "No settings (STAFFEL_SOURCES names no file): of every source the least is kept, no titles, subjects, search "
        "texts or properties.\n"
    )


@pytest.mark.usefixtures("file")
def test_all_settings_are_shown() -> None:
    assert [line.rstrip() for line in run_ok("sources", "show").out.splitlines()] == [
        "source           keeps                            trust    ours",
        "─" * 70,
        "segment/website  titles; properties: plan, seats  browser  -",
        "mbox             subjects                         trusted  example.com",
    ]


@pytest.mark.usefixtures("file")
def test_the_settings_that_apply_to_one_source_are_shown() -> None:
    shown = run_json("sources", "show", "mbox/news")

    assert shown["source"] == "mbox/news"
    assert shown["keep"] == {
        **{"properties": [], "query": [], "titles": False, "subjects": True},
        **{"searches": False, "reasons": False, "comments": False},
    }
    assert {name: shown[name] for name in ("trust", "ours", "site", "networks", "keep_ids")} == {
        **{"trust": "trusted", "ours": ["example.com"], "site": None, "networks": None, "keep_ids": False},
    }


def test_doctor_checks_the_file(file: Path) -> None:
    [found] = [row for row in run_cli("doctor", "--json").parsed if row["check"] == "sources"]
    assert found == {"check": "sources", "ok": True, "found": f"{file}, 2 sources", "advice": ""}

    file.write_text("mbox: 1\n")
    [found] = [row for row in run_cli("doctor", "--json").parsed if row["check"] == "sources"]
    assert (found["ok"], found["advice"]) == (False, f"STAFFEL_SOURCES: {file}:1: mbox: must be a mapping")


CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1@ours.example
DTSTART:20260105T090000Z
DTEND:20260105T093000Z
SUMMARY:Weekly
ORGANIZER:mailto:sam@ours.example
ATTENDEE:mailto:kim@ours.example
END:VEVENT
END:VCALENDAR
"""


def test_an_import_takes_our_domains_from_the_settings(file: Path) -> None:
    file.write_text("calendar: {ours: [ours.example]}\n")
    Path("sales.ics").write_text(CALENDAR)

    assert run_json("ingest", "calendar", "sales.ics")["filtered"] == 1
    assert run_json("ingest", "calendar", "sales.ics", "--ours", "other.example")["recorded"] == 2


def test_an_import_takes_site_and_networks_from_the_settings(file: Path) -> None:
    file.write_text("access-log: {site: https://www.example.com, networks: networks.csv}\n")
    (file.parent / "networks.csv").write_text("203.0.113.0/24 acme.com\n")
    write_lines(Path("access.log"), access_log_line(client="203.0.113.7"))

    assert run_json("ingest", "access-log", "access.log")["recorded"] == 1

    [fact] = [fact for fact in tail() if fact["type"] == "web.page_viewed.v1"]
    assert (fact["subject"], fact["data"]["url"]) == ("acme.com", "https://www.example.com/pricing")


@pytest.mark.usefixtures("file")
def test_an_import_keeps_what_the_settings_allow_and_counts_what_it_left_out() -> None:
    page = {"type": "page", "anonymousId": "a", "timestamp": "2026-01-05T09:12:00Z"}
    view = page | {"messageId": "1", "properties": {"url": "/a?page=2", "title": "Prices"}}
    write_lines(Path("calls.jsonl"), view)

    assert run_json("ingest", "segment", "calls.jsonl", "--name", "website")["left_out"] == {"query.page": 1}
    assert run_json("ingest", "segment", "calls.jsonl", "--name", "app")["left_out"] == {"query.page": 1, "title": 1}

    views = [fact["data"] for fact in tail() if fact["type"] == "web.page_viewed.v1"]
    assert views == [{"url": "/a", "title": "Prices"}, {"url": "/a"}]


def tail() -> list[Json]:
    """The facts of the log, oldest first."""
    lines = [json.loads(line) for line in run_ok("tail", "-n", "100", "--json").out.splitlines()]
    return [line["value"] for line in lines]


def test_reasons_as_free_text_are_kept_of_a_table_whose_source_allows_them(file: Path) -> None:
    reason = "They told us at length that the budget of this year is spent already, and next year's too"
    run_ok("account", "register", "acme.com")
    header = "Record ID,Company Domain Name,Deal Stage,Create Date,Close Date,Closed Lost Reason"
    row = f'1,acme.com,Closed Lost,2026-01-05 10:00,2026-01-06 10:00,"{reason}"'
    write_lines(Path("deals.csv"), header, row)
    file.write_text("hubspot: {keep: {reasons: true}}\n")

    run_json("ingest", "opportunities", "deals.csv", "--name", "pipedrive")
    run_json("ingest", "opportunities", "deals.csv", "--name", "hubspot")

    lost = [fact for fact in tail() if fact["type"] == "opportunity.lost.v1"]
    assert [(fact["source"], fact["data"].get("reason")) for fact in lost] == [("pipedrive", None), ("hubspot", reason)]
