"""Processes that start before broker and topics exist, or lose broker or database: they wait, log it and recover."""

import signal
from pathlib import Path

from tests import postgres, requirements
from tests.staffel.cli.cli_runner import page_view, write_lines
from tests.staffel.processes.process_runner import DEADLINE_S, Processes, StartedProcess, processes, wait_until

ROLES = ("worker", "project", "relay")


def ingest_page_view(group: Processes, id: str) -> int:
    """Record a page view and return how many facts the account has."""
    group.run_json("ingest", "cloudevents", write_lines(group.folder / f"{id}.jsonl", page_view(id)))
    return int(group.run_json("account", "acme.com")["seq"])


def has_logged(started: StartedProcess, text: str) -> bool:
    return any(line["event"] == "waiting" and text in line["why"] for line in started.log_lines())


def await_log(started: StartedProcess, text: str) -> None:
    wait_until(lambda: has_logged(started, text), started.diagnostics)


def test_processes_wait_for_broker_topics_and_a_broker_that_comes_back(tmp_path: Path) -> None:
    broker = requirements.kafka_broker(tmp_path / "broker")
    broker.kill()
    with processes(tmp_path, broker.server, requirements.postgres_url()) as made:
        waiting = [made.start(role) for role in ROLES]
        for started in waiting:
            await_log(started, "is the broker up?")
            assert (started.get_page("/healthz")[0], started.get_page("/readyz")[0]) == (200, 503)
        broker.start()
        for started in waiting:
            await_log(started, "run `staffel topics create`")
        made.run_json("topics", "create", "--partitions", 2)
        for started in waiting:
            started.await_ready()
        assert ingest_page_view(made, "one") == 1
        broker.kill()
        wait_until(lambda: not waiting[1].checks()["log"], waiting[1].diagnostics)
        broker.start()
        for started in waiting:
            started.await_ready()
        assert ingest_page_view(made, "two") == 2
        assert [started.stop() for started in waiting] == [0, 0, 0]


def test_a_process_that_waits_for_a_broker_stops_on_a_signal(tmp_path: Path) -> None:
    with processes(tmp_path, "127.0.0.1:1", "postgresql+psycopg://nobody@127.0.0.1:1/none") as made:
        started = made.start("relay")
        wait_until(lambda: "started" in started.events(), started.diagnostics)
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(DEADLINE_S) == 0


def test_processes_recover_when_the_database_is_back(tmp_path: Path) -> None:
    try:
        server = postgres.Server(())
    except postgres.PostgresUnavailableError as error:
        requirements.skip_or_fail("postgres", str(error))
    database = postgres.fresh_database(server=server.address)
    with processes(tmp_path, requirements.kafka_server(), database) as made:
        made.run_json("topics", "create", "--partitions", 2)
        worker, *others = waiting = [made.start(role) for role in ROLES]
        for started in waiting:
            started.await_ready()
        assert ingest_page_view(made, "one") == 1
        server.crash()
        for started in others:
            wait_until(lambda started=started: started.get_page("/readyz")[0] == 503, started.diagnostics)  # type: ignore[misc]
        assert worker.get_page("/readyz")[0] == 200
        server.start()
        for started in others:
            started.await_ready()
        assert ingest_page_view(made, "two") == 2
        assert [started.stop() for started in waiting] == [0, 0, 0]
