"""Migration: an embedded home copied to Apache Kafka and PostgreSQL has the same scores and sends no alert twice."""

import random
import subprocess
from pathlib import Path
from signal import SIGKILL
from threading import Event

import psycopg
import pytest

from schemas.topics import DEAD_LETTERS, SQA_HANDOFFS
from staffel.cli.session import connected_application
from tests.staffel.cli.cli_runner import cloud_event, page_view, run_cli, run_json, run_ok, write_lines
from tests.staffel.conftest import STAFFEL
from tests.staffel.migration.migration_cases import (
    MODEL,
    destination,
    environment_of,
    fill_home,
    many_page_views,
    replayed_state,
    running_processes,
)
from tests.staffel.processes.process_runner import wait_until

FACT_COUNT = 20_000


def migrate_arguments(log: str, database: str, *options: object) -> tuple[object, ...]:
    return ("migrate", "--to-kafka", log, "--database", database, *options)


def record_count(topic: str, log: str, database: str) -> int:
    with environment_of(log, database), connected_application() as staffel:
        return sum(staffel.log.end(topic, partition) for partition in range(staffel.log.partitions(topic)))


def test_digests_seqs_crossings_and_letters_are_what_they_were_on_more_partitions(home: Path) -> None:
    fill_home()
    before, to = replayed_state(), destination()
    with connected_application() as staffel:
        records = staffel.log.end("engagement", 0)

    result = run_json(*migrate_arguments(*to, "--partitions", 4))

    assert (result["partitions"], result["topics"]["engagement"]) == (4, records)
    assert result["topics"]["sqa-handoffs"] == record_count(SQA_HANDOFFS, *to) > 20
    assert (result["tables"]["vault"], result["tables"]["vault_secrets"]) == (10, 1)
    assert replayed_state(*to) == before
    assert replayed_state() == before
    assert [row[-1] for row in before["letters"]] == [True, False]


def test_the_destination_continues_and_sends_nothing_twice(home: Path) -> None:
    facts, to = fill_home(), destination()
    queries = [
        ("accounts", "--at", "latest"),
        ("handoffs",),
        ("account", "company2.com", "--explain", "--at", "latest"),
    ]
    before = [run_json(*question) for question in queries]
    letters = [(row["id"], row["retried"]) for row in run_json("dead-letters", "list")]
    run_ok(*migrate_arguments(*to, "--partitions", 3))
    published = record_count(SQA_HANDOFFS, *to)

    with running_processes(home.parent, *to, roles=("worker", "project")) as there:
        old = there.run_json("ingest", "cloudevents", facts)
        assert (old["recorded"], old["duplicates"]) == (0, old["read"])
        assert [there.run_json(*question) for question in queries] == before
        assert sorted((row["id"], row["retried"]) for row in there.run_json("dead-letters", "list")) == sorted(letters)
        assert record_count(DEAD_LETTERS, *to) == 2 * len(letters)
        assert there.run_json("audit", "verify")["mismatches"] == []

        there.start("relay").await_ready()
        demo = cloud_event("demo", "web.form_submitted", subject="new.com", data={"form": "demo"})
        back = cloud_event("back", "web.form_submitted", subject=None, visitor="visitor 4")
        there.run_json("ingest", "cloudevents", write_lines(home.parent / "new.jsonl", demo, back))
        assert [line["event"] for line in there.run_json("account", "company4.com", "--explain")["lines"]][-1] == "back"
        wait_until(lambda: record_count(SQA_HANDOFFS, *to) > published)
        assert record_count(SQA_HANDOFFS, *to) == published + 1


def test_a_killed_copy_resumes(home: Path) -> None:
    run_json("ingest", "cloudevents", many_page_views(FACT_COUNT))
    before, to, chance = replayed_state(), destination(), random.Random(7)
    places = sorted([1, *(chance.randrange(FACT_COUNT) for _ in range(4))])
    assert -SIGKILL in [run_and_kill(migrate_arguments(*to, "--partitions", 2), to[1], place) for place in places]
    run_ok(*migrate_arguments(*to))
    assert replayed_state(*to) == before


def run_and_kill(command: tuple[object, ...], database: str, after: int) -> int:
    """Start it and kill it once this many records are copied; its exit code, as it may finish first."""
    process = subprocess.Popen([STAFFEL, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pause = Event()
    while process.poll() is None and copied_count(database) < after:
        pause.wait(0.005)
    process.kill()
    return process.wait()


def copied_count(database: str) -> int:
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        if connection.execute("SELECT to_regclass('copied')").fetchone() == (None,):
            return 0
        found = connection.execute("SELECT coalesce(sum(next_offset), 0) FROM copied").fetchone()
        return int(found[0]) if found else 0


def test_a_home_that_is_running_is_refused(home: Path) -> None:
    with connected_application() as hosting:
        assert hosting.lock.try_acquire()
        code, message = run_cli(*migrate_arguments(*destination())).failure
    assert (code, message.endswith("is running this home; stop it (`staffel up`), then migrate")) == (1, True)


def test_a_finished_copy_is_reported_and_not_repeated(home: Path) -> None:
    fill_home()
    to = destination()
    result = run_json(*migrate_arguments(*to, "--partitions", 2))
    held = {topic: record_count(topic, *to) for topic in result["topics"]}
    assert "do not record anything in it from now on" in run_ok(*migrate_arguments(*to)).out
    assert run_json(*migrate_arguments(*to)) == result
    assert {topic: record_count(topic, *to) for topic in result["topics"]} == held


def test_records_added_after_the_copy_are_named(home: Path) -> None:
    run_json("ingest", "cloudevents", write_lines(Path("one.jsonl"), page_view("one")))
    to = destination()
    run_ok(*migrate_arguments(*to))
    run_json("ingest", "cloudevents", write_lines(Path("two.jsonl"), page_view("two")))
    code, message = run_cli(*migrate_arguments(*to)).failure
    assert (code, "added to this home since: 1 record of engagement" in message) == (1, True)


def test_topics_that_begin_with_another_model_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_json("ingest", "cloudevents", write_lines(Path("one.jsonl"), page_view("one")))
    to = destination()
    monkeypatch.setenv("STAFFEL_MODEL", str(write_lines(Path("other.yaml"), MODEL)))
    with environment_of(*to):
        run_ok("topics", "create", "--partitions", 2)
    code, message = run_cli(*migrate_arguments(*to)).failure
    assert (code, message.startswith("the topics start with model moving-1-")) == (1, True)


@pytest.mark.parametrize(
    ("log", "database", "why"),
    [
        ("localhost:9092", "postgresql+psycopg://x@y/z", "--to-kafka: not a Kafka address; write kafka://HOST:PORT"),
        ("kafka://localhost:9092", "sqlite:///x.db", "--database: only PostgreSQL can be shared by many processes"),
        ("kafka://localhost:1", "postgresql+psycopg://x@y/z", ""),
    ],
)
def test_an_invalid_destination_is_a_usage_error(home: Path, log: str, database: str, why: str) -> None:
    code, message = run_cli(*migrate_arguments(log, database)).failure
    assert message.startswith(why)
    assert code == (2 if why else 1)
