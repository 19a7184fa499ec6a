"""`staffel doctor` on the scaled-out host: each problem is named, with advice."""

from pathlib import Path
from socket import socket
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from database import newest_revision
from tests import requirements
from tests.kafka.broker import free_port
from tests.staffel.cli.cli_runner import page_view, run_cli, run_ok, write_lines

Json = dict[str, Any]
CLOCK_OFFSET_S = 5.0
"""Tolerated difference of clocks."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix without topics, and a database without tables."""
    server = requirements.kafka_server()
    result = f"kafka://{server}?prefix={uuid4().hex[:8]}."
    monkeypatch.setenv("STAFFEL_LOG", result)
    monkeypatch.setenv("STAFFEL_DATABASE", requirements.postgres_url())
    return result


@pytest.fixture
def prepared(address: str) -> str:
    """Topics of two partitions, and tables."""
    run_ok("topics", "create", "--partitions", 2)
    run_ok("accounts")
    return address


def doctor_rows() -> dict[str, Json]:
    """The findings by check; verifies the exit code."""
    result = run_cli("doctor", "--json")
    rows = {row["check"]: row for row in result.parsed}
    assert result.code == (0 if all(row["ok"] for row in rows.values()) else 1)
    return rows


def failed_checks(rows: dict[str, Json]) -> dict[str, tuple[str, str]]:
    return {check: (row["found"], row["advice"]) for check, row in rows.items() if not row["ok"]}


def test_a_year_without_closed_days_is_told_of_the_model_in_force(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "tiny.yaml"
    model.write_text(
        "model: tiny\ntracks: {sales: {rules: [{id: search, on: web.searched, points: 1}]}}\n"
        "handoff: {service_level: {accept_within: 4h, closed: [1999-12-25]}}\n"
    )
    monkeypatch.setenv("STAFFEL_MODEL", str(model))
    run_ok("topics", "create", "--partitions", 2)
    found, advice = failed_checks(doctor_rows())["closed days"]
    assert found.startswith("no dates of 2")
    assert "staffel closed-days" in advice


def test_with_topics_and_tables_only_the_processes_are_missing(prepared: str) -> None:
    rows = doctor_rows()
    assert failed_checks(rows) == {"projectors": ("partitions held by no process", "start `staffel project`")}
    assert list(rows) == [
        "broker", "topics", "activation", "model", "scored", "dead letters", "clock", "recorders' clocks",
        "database", "migrations", "vault", "vault's files", "vault's role", "database's clock", "outbox", "projectors",
        "projected", "read models", "visitors",
    ]  # fmt: skip


def test_topics_that_are_missing_are_named_and_so_is_an_empty_database(address: str) -> None:
    prefix = address.rpartition("=")[2]
    found, advice = failed_checks(rows := doctor_rows())["topics"]
    assert found.startswith(f"topic {prefix}engagement is missing; topic {prefix}scores is missing")
    assert advice.startswith("run `staffel topics create`")
    assert rows["migrations"]["found"] == f"no tables, newest is {newest_revision()}"
    assert list(rows) == ["broker", "topics", "database", "migrations"]


def test_a_topic_with_other_settings_is_named(prepared: str) -> None:
    server, _, prefix = prepared.removeprefix("kafka://").partition("?prefix=")
    resource = ConfigResource(ConfigResourceType.TOPIC, f"{prefix}engagement", configs={"retention.ms": "1000"})
    admin = KafkaAdminClient(bootstrap_servers=server)
    try:
        admin.alter_configs([resource])
    finally:
        admin.close()
    found, _ = failed_checks(doctor_rows())["topics"]
    assert f"topic {prefix}engagement: retention.ms is 1000, not -1" in found


def test_facts_that_nobody_scores_are_counted(prepared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_WAIT", "0.1")
    run_cli("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one"), page_view("two")))
    found, advice = failed_checks(doctor_rows())["scored"]
    assert found.startswith("2 facts behind (partition ")
    assert advice == "start `staffel worker`, then check again"


def test_a_broker_that_is_down_is_a_finding_and_the_database_is_examined_all_the_same(
    prepared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("STAFFEL_LOG", f"kafka://{server}")
    rows = doctor_rows()
    assert failed_checks(rows)["broker"] == (f"{server} cannot be reached", "start the broker, or correct STAFFEL_LOG")
    assert rows["migrations"]["ok"]


def test_the_wait_for_a_broker_that_takes_connections_and_says_nothing_is_not_a_clock_that_goes_wrong(
    prepared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = monotonic()
    with socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        monkeypatch.setenv("STAFFEL_LOG", f"kafka://127.0.0.1:{mute.getsockname()[1]}")
        rows = doctor_rows()
    assert "is the broker up?" in failed_checks(rows)["broker"][0]
    assert monotonic() - begun > CLOCK_OFFSET_S
    assert rows["database's clock"]["found"] == "in sync"


def test_a_database_that_is_down_is_a_finding_and_the_broker_is_examined_all_the_same(
    prepared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_DATABASE", f"postgresql+psycopg://staffel@127.0.0.1:{free_port()}/staffel")
    rows = doctor_rows()
    found, advice = failed_checks(rows)["database"]
    assert "the server cannot be reached" in found
    assert advice == "start PostgreSQL, or correct STAFFEL_DATABASE"
    assert rows["topics"]["ok"]


def test_a_database_of_another_kind_is_a_finding(prepared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_DATABASE", "sqlite:///staffel.db")
    found, _ = failed_checks(doctor_rows())["database"]
    assert "set STAFFEL_DATABASE=postgresql+psycopg://USER:PASSWORD@HOST/NAME" in found


def test_the_table_is_for_people(prepared: str) -> None:
    answer = run_cli("doctor")
    assert (answer.code, answer.err) == (1, "")
    assert "PROBLEM  projectors" in answer.out
