"""End to end on Apache Kafka and PostgreSQL, every process for itself: facts come in, and an alert arrives once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.outbox import AlertOutbox
from database.engine import open_database
from tests import requirements
from tests.alerts.alert_runner import await_count, now_ms
from tests.alerts.builders import SECRET
from tests.alerts.handoff_facts import MODEL, ingest_forms
from tests.alerts.receiver import Receiver
from tests.staffel.processes.process_runner import Processes, processes

ROLES = ("worker", "project", "relay", "alerts")


@pytest.fixture
def running(tmp_path: Path, receiver: Receiver) -> Iterator[Processes]:
    """One process of each kind, ready; the alerts go to the receiver."""
    file = tmp_path / "alerts.yaml"
    file.write_text(f"channels: [{{name: crm, webhook: '{receiver.url}', secret_env: CRM_SECRET}}]")
    with processes(tmp_path, requirements.kafka_server(), requirements.postgres_url()) as made:
        made.settings |= {"STAFFEL_MODEL": str(MODEL), "STAFFEL_ALERTS": str(file), "CRM_SECRET": SECRET}
        made.run_json("topics", "create", "--partitions", 2)
        for started in [made.start(role) for role in ROLES]:
            started.await_ready()
        yield made


def delivered_count(running: Processes) -> int:
    engine = open_database(running.settings["STAFFEL_DATABASE"])
    counts = AlertOutbox(engine).counts_by_status()
    engine.dispose()
    return counts["delivered"]


def test_a_handoff_is_sent_once_and_a_second_process_takes_over(running: Processes, receiver: Receiver) -> None:
    ingest_forms(running, ("acme.com", "contact", now_ms()))
    [first] = receiver.await_requests(1)
    assert (first.verified_event()["subject"], first.verified_event()["data"]["route"]) == ("acme.com", "sdr")
    await_count(lambda: delivered_count(running), 1)

    alerts, heir = running.started[-1], running.start("alerts")
    heir.await_ready()
    assert alerts.stop() == 0
    ingest_forms(running, ("hot.com", "demo", now_ms()))
    [_, second] = receiver.await_requests(2)
    await_count(lambda: delivered_count(running), 2)

    assert (second.verified_event()["subject"], second.verified_event()["data"]["act_now"]) == ("hot.com", True)
    assert ("staffel_alerts_pending 0.0" in heir.get_page("/metrics")[1], heir.stop()) == (True, 0)
    assert [SECRET in each.log.read_text() for each in (alerts, heir)] == [False, False]
    assert len(receiver.requests) == 2


def test_alerts_killed_between_sending_and_marking_send_again_with_the_same_id(
    running: Processes, receiver: Receiver
) -> None:
    receiver.hold()
    ingest_forms(running, ("acme.com", "contact", now_ms()))
    [first] = receiver.await_requests(1)
    killed = running.started[-1].process
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    receiver.hold(False)
    running.start("alerts")
    [_, second] = receiver.await_requests(2, seconds=60)
    await_count(lambda: delivered_count(running), 1)

    assert (second.id, second.body) == (first.id, first.body)
    assert len(receiver.requests) == 2
