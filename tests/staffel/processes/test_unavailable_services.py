"""Processes that are started before anything else, and lose broker or database: they wait, say so, and go on."""

import signal
from pathlib import Path

from tests import postgres, requirements
from tests.staffel.cli.cli_runner import page, written
from tests.staffel.processes.process_runner import DEADLINE_S, Processes, Started, awaited, processes

ROLES = ("worker", "project", "relay")


def ingested(made: Processes, id: str) -> int:
    """Record a page view; how many facts the account has."""
    made.asked("ingest", "cloudevents", written(made.folder / f"{id}.jsonl", page(id)))
    return int(made.asked("account", "acme.com")["seq"])


def says(started: Started, words: str) -> bool:
    return any(line["event"] == "waiting" and words in line["why"] for line in started.said())


def await_saying(started: Started, words: str) -> None:
    awaited(lambda: says(started, words), started.trouble)


def test_processes_wait_for_broker_topics_and_a_broker_that_comes_back(tmp_path: Path) -> None:
    broker = requirements.kafka_broker(tmp_path / "broker")
    broker.kill()
    with processes(tmp_path, broker.server, requirements.postgres_url()) as made:
        waiting = [made.start(role) for role in ROLES]
        for started in waiting:
            await_saying(started, "is the broker up?")
            assert (started.asked("/healthz")[0], started.asked("/readyz")[0]) == (200, 503)
        broker.start()
        for started in waiting:
            await_saying(started, "run `staffel topics create`")
        made.asked("topics", "create", "--partitions", 2)
        for started in waiting:
            started.await_ready()
        assert ingested(made, "one") == 1
        broker.kill()
        awaited(lambda: not waiting[1].checks()["log"], waiting[1].trouble)
        broker.start()
        for started in waiting:
            started.await_ready()
        assert ingested(made, "two") == 2
        assert [started.stop() for started in waiting] == [0, 0, 0]


def test_who_still_waits_for_a_broker_ends_when_asked(tmp_path: Path) -> None:
    with processes(tmp_path, "127.0.0.1:1", "postgresql+psycopg://nobody@127.0.0.1:1/none") as made:
        started = made.start("relay")
        awaited(lambda: "started" in started.events(), started.trouble)
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(DEADLINE_S) == 0


def test_processes_go_on_once_the_database_is_back(tmp_path: Path) -> None:
    try:
        server = postgres.Server(())
    except postgres.NoPostgres as error:
        requirements.absent("postgres", str(error))
    database = postgres.fresh_database(server=server.address)
    with processes(tmp_path, requirements.kafka_server(), database) as made:
        made.asked("topics", "create", "--partitions", 2)
        worker, *others = waiting = [made.start(role) for role in ROLES]
        for started in waiting:
            started.await_ready()
        assert ingested(made, "one") == 1
        server.crash()
        for started in others:
            awaited(lambda started=started: started.asked("/readyz")[0] == 503, started.trouble)  # type: ignore[misc]
        assert worker.asked("/readyz")[0] == 200
        server.start()
        for started in others:
            started.await_ready()
        assert ingested(made, "two") == 2
        assert [started.stop() for started in waiting] == [0, 0, 0]
