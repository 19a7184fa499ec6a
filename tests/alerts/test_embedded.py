"""End to end in the one process that hosts: facts come in, an account is handed over, and an alert arrives once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.outbox import AlertOutbox
from database.engine import open_database
from tests import databases
from tests.alerts.alert_runner import await_count, now_ms
from tests.alerts.builders import DAY, HOUR, MINUTE, SECRET
from tests.alerts.handoff_facts import MODEL, ingest_forms
from tests.alerts.receiver import Receiver
from tests.staffel.processes.process_runner import Processes


@pytest.fixture
def processes(tmp_path: Path, receiver: Receiver) -> Iterator[Processes]:
    """A home of its own whose alerts go to the receiver."""
    databases.home_with_log(tmp_path, MODEL)
    file = tmp_path / "alerts.yaml"
    file.write_text(f"channels: [{{name: crm, webhook: '{receiver.url}', secret_env: CRM_SECRET}}]")
    settings = {"STAFFEL_HOME": str(tmp_path), "STAFFEL_MODEL": str(MODEL), "STAFFEL_ALERTS": str(file)}
    made = Processes(tmp_path, settings | {"CRM_SECRET": SECRET})
    yield made
    for each in made.started:
        each.process.kill()
        each.process.wait()


def alert_states(processes: Processes) -> list[tuple[str, str, str]]:
    """Account, kind and status of every alert."""
    engine = open_database(f"sqlite:///{processes.folder / 'staffel.db'}")
    rows = AlertOutbox(engine).newest(100)
    engine.dispose()
    return sorted((row.account, row.kind, row.status) for row in rows)


def delivered_count(processes: Processes) -> int:
    return [status for _, _, status in alert_states(processes)].count("delivered")


def test_a_handoff_is_sent_once(processes: Processes, receiver: Receiver) -> None:
    host = processes.start("up")
    host.await_ready()
    ingest_forms(processes, ("acme.com", "contact", now_ms()), ("hot.com", "demo", now_ms()))
    requests = {request.verified_event()["subject"]: request for request in receiver.await_requests(2)}
    await_count(lambda: delivered_count(processes), 2)

    acme, hot = requests["acme.com"].verified_event(), requests["hot.com"].verified_event()
    assert (acme["type"], acme["data"]["act_now"], hot["data"]["act_now"]) == ("sqa.handoff_proposed.v1", False, True)
    [handoff] = [row for row in processes.run_json("handoffs") if row["account"] == "acme.com"]
    assert {name: acme["data"][name] for name in ("handoff", "score", "route", "due_at")} == {
        name: handoff[name] for name in ("handoff", "score", "route", "due_at")
    }
    assert acme["data"]["reasons"] == [{**handoff["reasons"][0], "what": "web form submitted: contact"}]
    assert (acme["data"]["company"], acme["data"]["zone"]) == ({"fit": "unknown"}, "UTC")
    assert alert_states(processes) == [
        *[("acme.com", "handoff_proposed", "delivered"), ("hot.com", "act_now", "delivered")]
    ]
    assert (host.stop(), SECRET in host.log.read_text()) == (0, False)


def test_an_overdue_handoff_is_sent_and_history_is_not(processes: Processes, receiver: Receiver) -> None:
    host = processes.start("up")
    host.await_ready()
    ingest_forms(processes, ("old.com", "contact", now_ms() - 5 * DAY))
    ingest_forms(processes, ("late.com", "contact", now_ms() - 3 * HOUR), recorded=now_ms() - 3 * HOUR)
    requests = receiver.await_requests(2)

    assert [request.verified_event()["type"] for request in requests] == [
        "sqa.handoff_proposed.v1",
        "sqa.handoff_expired.v1",
    ]
    assert {request.verified_event()["subject"] for request in requests} == {"late.com"}
    await_count(lambda: delivered_count(processes), 2)
    await_count(lambda: len(alert_states(processes)), 3)
    assert alert_states(processes) == [
        ("late.com", "handoff_proposed", "delivered"),
        ("late.com", "service_level_passed", "delivered"),
        ("old.com", "handoff_proposed", "history"),
    ]
    assert requests[1].verified_event()["data"]["score"] == requests[0].verified_event()["data"]["score"]
    assert host.stop() == 0


def test_history_of_accounts_that_were_touched_today_is_told_to_nobody(
    processes: Processes, receiver: Receiver
) -> None:
    processes.run_json("account", "register", "acme.com", "--industry", "pharmaceuticals")
    host = processes.start("up")
    host.await_ready()
    ingest_forms(processes, ("touched.com", "page", now_ms()))
    ingest_forms(
        processes,
        *[("acme.com", "contact", now_ms() - 5 * DAY), ("touched.com", "demo", now_ms() - 5 * DAY)],
        ("news.com", "contact", now_ms() - 3 * DAY),
    )
    receiver.await_requests(1)
    await_count(lambda: delivered_count(processes), 1)
    await_count(lambda: len(alert_states(processes)), 3)

    assert alert_states(processes) == [
        ("acme.com", "handoff_proposed", "history"),
        ("news.com", "handoff_proposed", "delivered"),
        ("touched.com", "act_now", "history"),
    ]
    assert len(processes.run_json("handoffs")) == 3
    assert host.stop() == 0


def test_a_host_killed_between_sending_and_marking_sends_again_with_the_same_id(
    processes: Processes, receiver: Receiver
) -> None:
    receiver.hold()
    host = processes.start("up")
    host.await_ready()
    ingest_forms(processes, ("acme.com", "contact", now_ms()))
    [first] = receiver.await_requests(1)
    host.process.send_signal(signal.SIGKILL)
    host.process.wait()
    receiver.hold(False)
    heir = processes.start("up")
    [_, second] = receiver.await_requests(2)
    await_count(lambda: delivered_count(processes), 1)

    assert (second.id, second.body) == (first.id, first.body)
    assert second.verified_event()["subject"] == "acme.com"
    assert (heir.stop(), len(receiver.requests)) == (0, 2)


def test_a_replay_and_a_rebuild_send_nothing(processes: Processes, receiver: Receiver) -> None:
    host = processes.start("up")
    host.await_ready()
    ingest_forms(processes, ("acme.com", "contact", now_ms() - MINUTE))
    receiver.await_requests(1)
    processes.run_json("audit", "replay")
    processes.run_json("audit", "verify")
    processes.run_json("rebuild", "main")
    ingest_forms(processes, ("last.com", "contact", now_ms()))

    assert [request.verified_event()["subject"] for request in receiver.await_requests(2)] == ["acme.com", "last.com"]
    assert host.stop() == 0
