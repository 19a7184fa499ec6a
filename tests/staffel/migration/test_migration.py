"""Moving in: an embedded home, copied to Apache Kafka and PostgreSQL, scores as before and tells nobody again."""

import random
import subprocess
from pathlib import Path
from signal import SIGKILL
from threading import Event

import psycopg
import pytest

from schemas.topics import DEAD_LETTERS, SQA_HANDOFFS
from staffel.cli.session import connected_application
from tests.staffel.cli.cli_runner import asked, done, event, page, spoken, written
from tests.staffel.conftest import STAFFEL
from tests.staffel.migration.migration_cases import MODEL, at, destination, furnish, many, running, told_of
from tests.staffel.processes.process_runner import awaited

MANY = 20_000


def migrate(log: str, database: str, *options: object) -> tuple[object, ...]:
    return ("migrate", "--to-kafka", log, "--database", database, *options)


def ends(topic: str, log: str, database: str) -> int:
    with at(log, database), connected_application() as staffel:
        return sum(staffel.log.end(topic, partition) for partition in range(staffel.log.partitions(topic)))


def test_digests_seqs_crossings_and_letters_are_what_they_were_on_more_partitions(home: Path) -> None:
    furnish()
    before, to = told_of(), destination()
    with connected_application() as staffel:
        records = staffel.log.end("engagement", 0)

    told = asked(*migrate(*to, "--partitions", 4))

    assert (told["partitions"], told["topics"]["engagement"]) == (4, records)
    assert told["topics"]["sqa-handoffs"] == ends(SQA_HANDOFFS, *to) > 20
    assert (told["tables"]["vault"], told["tables"]["vault_secrets"]) == (10, 1)
    assert told_of(*to) == before
    assert told_of() == before
    assert [row[-1] for row in before["letters"]] == [True, False]


def test_the_other_host_goes_on_where_this_one_stopped_and_tells_nothing_twice(home: Path) -> None:
    facts, to = furnish(), destination()
    questions = [
        ("accounts", "--at", "latest"),
        ("handoffs",),
        ("account", "company2.com", "--explain", "--at", "latest"),
    ]
    before = [asked(*question) for question in questions]
    letters = [(row["id"], row["retried"]) for row in asked("dead-letters", "list")]
    done(*migrate(*to, "--partitions", 3))
    published = ends(SQA_HANDOFFS, *to)

    with running(home.parent, *to, roles=("worker", "project")) as there:
        old = there.asked("ingest", "cloudevents", facts)
        assert (old["recorded"], old["duplicates"]) == (0, old["read"])
        assert [there.asked(*question) for question in questions] == before
        assert sorted((row["id"], row["retried"]) for row in there.asked("dead-letters", "list")) == sorted(letters)
        assert ends(DEAD_LETTERS, *to) == 2 * len(letters)
        assert there.asked("audit", "verify")["mismatches"] == []

        there.start("relay").await_ready()
        demo = event("demo", "web.form_submitted", subject="new.com", data={"form": "demo"})
        back = event("back", "web.form_submitted", subject=None, visitor="visitor 4")
        there.asked("ingest", "cloudevents", written(home.parent / "new.jsonl", demo, back))
        assert [line["event"] for line in there.asked("account", "company4.com", "--explain")["lines"]][-1] == "back"
        awaited(lambda: ends(SQA_HANDOFFS, *to) > published)
        assert ends(SQA_HANDOFFS, *to) == published + 1


def test_a_copy_that_is_killed_anywhere_goes_on(home: Path) -> None:
    asked("ingest", "cloudevents", many(MANY))
    before, to, chance = told_of(), destination(), random.Random(7)
    places = sorted([1, *(chance.randrange(MANY) for _ in range(4))])
    assert -SIGKILL in [killed(migrate(*to, "--partitions", 2), to[1], place) for place in places]
    done(*migrate(*to))
    assert told_of(*to) == before


def killed(command: tuple[object, ...], database: str, after: int) -> int:
    """Start it, and kill it as soon as so many records are copied; its exit code, be it that it was faster."""
    process = subprocess.Popen([STAFFEL, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pause = Event()
    while process.poll() is None and copied(database) < after:
        pause.wait(0.005)
    process.kill()
    return process.wait()


def copied(database: str) -> int:
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        if connection.execute("SELECT to_regclass('copied')").fetchone() == (None,):
            return 0
        found = connection.execute("SELECT coalesce(sum(next_offset), 0) FROM copied").fetchone()
        return int(found[0]) if found else 0


def test_a_home_that_is_hosted_is_left_alone(home: Path) -> None:
    with connected_application() as hosting:
        assert hosting.lock.try_acquire()
        code, message = spoken(*migrate(*destination())).problem
    assert (code, message.endswith("hosts this home; end it (`staffel up`), and then migrate")) == (1, True)


def test_what_was_copied_before_is_told_again_and_not_copied_again(home: Path) -> None:
    furnish()
    to = destination()
    told = asked(*migrate(*to, "--partitions", 2))
    held = {topic: ends(topic, *to) for topic in told["topics"]}
    assert "record nothing into it any more" in done(*migrate(*to)).out
    assert asked(*migrate(*to)) == told
    assert {topic: ends(topic, *to) for topic in told["topics"]} == held


def test_what_came_in_after_the_copy_is_named(home: Path) -> None:
    asked("ingest", "cloudevents", written(Path("one.jsonl"), page("one")))
    to = destination()
    done(*migrate(*to))
    asked("ingest", "cloudevents", written(Path("two.jsonl"), page("two")))
    code, message = spoken(*migrate(*to)).problem
    assert (code, "1 record of engagement came into this home since" in message) == (1, True)


def test_topics_that_begin_with_another_model_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("ingest", "cloudevents", written(Path("one.jsonl"), page("one")))
    to = destination()
    monkeypatch.setenv("STAFFEL_MODEL", str(written(Path("other.yaml"), MODEL)))
    with at(*to):
        done("topics", "create", "--partitions", 2)
    code, message = spoken(*migrate(*to)).problem
    assert (code, message.startswith("the topics begin with the model moving-1-")) == (1, True)


@pytest.mark.parametrize(
    ("log", "database", "why"),
    [
        ("localhost:9092", "postgresql+psycopg://x@y/z", "--to-kafka: 'localhost:9092' is no address of Kafka"),
        ("kafka://localhost:9092", "sqlite:///x.db", "--database: many processes share it"),
        ("kafka://localhost:1", "postgresql+psycopg://x@y/z", ""),
    ],
)
def test_what_is_no_destination_is_told(home: Path, log: str, database: str, why: str) -> None:
    code, message = spoken(*migrate(log, database)).problem
    assert message.startswith(why)
    assert code == (2 if why else 1)
