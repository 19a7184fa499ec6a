"""Importing is idempotent, also for renamed and packed files; grown files add what is new; files are merged by time."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, access_log_line, page_view, run_json, run_ok, write_lines

EXAMPLE = Path(__file__).parents[3] / "examples" / "medtech" / "data"
OUR_DOMAIN_OPTION = ("--ours", "nordwerk-med.example")
FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "access-log": ("access.log", ("--site", "https://www.nordwerk-med.example")),
    "segment": ("site.segment.jsonl", ("--name", "website")),
    "mbox": ("marketing.mbox", OUR_DOMAIN_OPTION),
    "calendar": ("calendar.ics", OUR_DOMAIN_OPTION),
    "cloudevents": ("bus.cloudevents.jsonl", ()),
    "accounts": ("accounts.csv", ()),
    "opportunities": ("opportunities.csv", ()),
}


def ingest_tally(kind: str, *paths: Path) -> Json:
    if kind == "opportunities":
        run_json("ingest", "accounts", EXAMPLE / "accounts.csv")
    tally = run_json("ingest", kind, *paths, *FILES[kind][1])
    tally.pop("columns", None)  # they name the file
    return tally


def gzip_copy(path: Path) -> Path:
    target = Path(f"{path.stem}.gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def renamed_copy(path: Path) -> Path:
    return Path(shutil.copy(path, f"copy-of-{path.name}"))


@pytest.mark.parametrize("again", [lambda path: path, renamed_copy, gzip_copy], ids=["the same", "renamed", "packed"])
@pytest.mark.parametrize("kind", FILES)
def test_importing_a_file_again_records_nothing_again(kind: str, again: Callable[[Path], Path]) -> None:
    path = EXAMPLE / FILES[kind][0]
    first = ingest_tally(kind, path)
    second = ingest_tally(kind, again(path))
    assert first["recorded"] > 0
    assert second == {
        **first,
        "recorded": 0,
        "duplicates": first["duplicates"] + first["recorded"],
        "bots": 0,
        "machines": 0,
        "rejected": second["rejected"],
        "left_out": {},
    }


@pytest.mark.parametrize("kind", ["access-log", "segment", "mbox", "cloudevents", "accounts", "opportunities"])
def test_importing_a_grown_file_records_the_rest(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = EXAMPLE / FILES[kind][0]
    lines = whole.read_bytes().splitlines(keepends=True)
    growing = Path(whole.name)
    growing.write_bytes(b"".join(lines[: len(lines) // 2]))
    begun = ingest_tally(kind, growing)
    growing.write_bytes(whole.read_bytes())
    rest = ingest_tally(kind, growing)
    monkeypatch.setenv("STAFFEL_HOME", "another")
    run_ok("init")
    at_once = ingest_tally(kind, whole)
    assert begun["recorded"] > 0
    assert rest["recorded"] > 0
    assert begun["recorded"] + rest["recorded"] == at_once["recorded"]


def test_an_unfinished_last_line_is_recorded_once_it_is_whole() -> None:
    log = Path("access.log")
    log.write_text(f"{access_log_line()}\n{access_log_line(target='/a')}"[:-40])
    assert outcome_counts(run_json("ingest", "access-log", log)) == {"recorded": 1, "duplicates": 0, "rejected": 1}
    write_lines(log, access_log_line(), access_log_line(target="/a"))
    assert outcome_counts(run_json("ingest", "access-log", log)) == {"recorded": 1, "duplicates": 1, "rejected": 0}


def test_two_equal_lines_are_two_views_however_often_they_are_read() -> None:
    log = write_lines(Path("access.log"), access_log_line(), access_log_line())
    assert outcome_counts(run_json("ingest", "access-log", log)) == {"recorded": 2, "duplicates": 0, "rejected": 0}
    assert outcome_counts(run_json("ingest", "access-log", log)) == {"recorded": 0, "duplicates": 2, "rejected": 0}


def test_a_fact_that_comes_twice_in_one_file_is_recorded_once() -> None:
    facts = write_lines(Path("facts.jsonl"), page_view("one"), page_view("one"), page_view("two"))
    assert outcome_counts(run_json("ingest", "cloudevents", facts)) == {"recorded": 2, "duplicates": 1, "rejected": 0}


def test_another_site_makes_another_source_of_the_same_log() -> None:
    log = write_lines(Path("access.log"), access_log_line())
    assert run_json("ingest", "access-log", log, "--name", "shop")["recorded"] == 1
    assert run_json("ingest", "access-log", log, "--name", "blog")["recorded"] == 1


def outcome_counts(tally: Json) -> Json:
    return {
        "recorded": tally["recorded"],
        "duplicates": tally["duplicates"],
        "rejected": len(tally["rejected"]),
    }


def test_several_files_are_merged_by_time_and_each_keeps_its_order() -> None:
    day = "2026-01-{:02d}T12:00:00Z".format
    odd = write_lines(
        Path("odd.jsonl"), page_view("1", time=day(1)), page_view("3", time=day(3)), page_view("5", time=day(5))
    )
    even = write_lines(
        Path("even.jsonl"), page_view("2", time=day(2)), page_view("late", time=day(1)), page_view("4", time=day(4))
    )
    run_json("ingest", "cloudevents", odd, even)
    assert recorded_ids() == ["1", "2", "late", "3", "4", "5"]


def recorded_ids() -> list[str]:
    return [fact["id"] for fact in run_json("account", "acme.com", "--deep")["facts"]]


def test_bots_are_recorded_and_worth_nothing() -> None:
    bot = access_log_line().replace(
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "Googlebot/2.1 (+http://www.google.com/bot.html)"
    )
    tally = run_json("ingest", "access-log", write_lines(Path("access.log"), bot, access_log_line()))
    assert (tally["recorded"], tally["bots"]) == (2, 1)
    lines = run_json("account", "acme.com", "--explain")["lines"]
    assert len({line["event"] for line in lines}) == 1


def test_the_whole_example_leaves_nothing_rejected_and_tells_what_was_filtered() -> None:
    for kind in ("accounts", *FILES):
        tally = ingest_tally(kind, EXAMPLE / FILES[kind][0])
        assert (kind, tally["rejected"]) == (kind, [])
    assert run_json("audit", "verify")["mismatches"] == []
