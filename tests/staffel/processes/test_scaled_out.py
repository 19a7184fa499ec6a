"""The processes of the scaled-out host, on a broker and a PostgreSQL: facts in, answers out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import requirements
from tests.staffel.cli.cli_runner import cloud_event, page_view, write_lines
from tests.staffel.processes.process_runner import Processes, processes, wait_until

ROLES = ("worker", "project", "relay")
EAGER_MODEL = """
model: eager
timezone: UTC
roles: {unknown: 1.0}
tracks:
  sales:
    half_life: 30d
    rules:
      - {id: page, on: web.page_viewed, points: 1}
      - {id: demo, on: web.form_submitted, points: 60}
    stages:
      - {name: sqa, enter: 50, leave: 20, handoff: true}
handoff:
  service_level: {accept_within: 4 business hours, hours: "Mon-Fri 09:00-18:00"}
  routes: [{to: sdr}]
  recycle_cooldown: 1d
"""


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Processes]:
    """Topics and tables, without a running process."""
    model = tmp_path / "model.yaml"
    model.write_text(EAGER_MODEL)
    kafka, database = requirements.kafka_server(), requirements.postgres_url()
    with processes(tmp_path, kafka, database, STAFFEL_MODEL=str(model)) as made:
        made.run_json("topics", "create", "--partitions", 2)
        yield made


@pytest.fixture
def running(prepared: Processes) -> Processes:
    """A worker, a projector and a relay, ready."""
    for started in [prepared.start(role) for role in ROLES]:
        started.await_ready()
    return prepared


def ingest_tally(group: Processes, *facts: dict[str, object]) -> dict[str, int]:
    tally: dict[str, int] = group.run_json("ingest", "cloudevents", write_lines(group.folder / "facts.jsonl", *facts))
    return tally


def test_one_command_records_what_another_one_shows_and_every_process_stops_on_a_signal(
    running: Processes,
) -> None:
    tally = ingest_tally(running, page_view("one"), page_view("two", subject="beta.com"))
    assert (tally["recorded"], tally["duplicates"]) == (2, 0)
    accounts = {row["account"]: row["seq"] for row in running.run_json("accounts")}
    assert accounts == {"acme.com": 1, "beta.com": 1}
    assert running.run_json("account", "acme.com", "--explain")["seq"] == 1
    assert ingest_tally(running, page_view("one"), page_view("two", subject="beta.com"))["duplicates"] == 2
    assert [started.stop() for started in running.started] == [0, 0, 0]
    assert [started.events()[-1] for started in running.started] == ["stopped"] * 3


def test_restarted_processes_continue_where_they_stopped(running: Processes) -> None:
    ingest_tally(running, page_view("one"))
    assert [started.stop() for started in running.started] == [0, 0, 0]
    for started in [running.start(role) for role in ROLES]:
        started.await_ready()
    ingest_tally(running, page_view("two"))
    assert [row["seq"] for row in running.run_json("accounts")] == [2]


def test_two_relays_publish_a_handoff_once_and_the_second_takes_over(running: Processes) -> None:
    first, second = running.started[-1], running.start("relay")
    second.await_ready()
    ingest_tally(running, demo_request("one", "acme.com"))
    assert proposed_accounts(running) == ["acme.com"]
    assert first.stop() == 0
    ingest_tally(running, demo_request("two", "beta.com"))
    assert proposed_accounts(running) == ["acme.com", "beta.com"]


def test_a_command_names_the_process_that_is_missing(prepared: Processes) -> None:
    with_short_wait = Processes(prepared.folder, {**prepared.settings, "STAFFEL_WAIT": "0.5"})
    facts = write_lines(prepared.folder / "facts.jsonl", page_view("one"))
    code, why = with_short_wait.run_cli("ingest", "cloudevents", facts).failure
    assert (code, why.partition(" after ")[0]) == (
        1,
        "recorded, but facts are still not scored (is `staffel worker` running?)",
    )
    prepared.start("worker").await_ready()
    code, why = with_short_wait.run_cli("ingest", "cloudevents", facts).failure
    missing = "recorded, but facts are still not in the read models (is `staffel project` running?)"
    assert (code, why.partition(" after ")[0]) == (1, missing)


def demo_request(id: str, account: str) -> dict[str, object]:
    """A request for a demonstration, which opens a handoff."""
    return cloud_event(id, "web.form_submitted", subject=account, data={"form": "demo"})


def proposed_accounts(group: Processes) -> list[str]:
    """The accounts of all proposed handoffs, once every account has one."""

    def accounts() -> list[str]:
        lines = [json.loads(line) for line in group.run_cli("tail", "sqa-handoffs", "--json").out.splitlines()]
        return sorted(line["key"] for line in lines if line["value"]["type"] == "sqa.handoff_proposed.v1")

    wanted = len(group.run_json("accounts"))
    wait_until(lambda: len(accounts()) >= wanted, lambda: str(accounts()))
    return accounts()
