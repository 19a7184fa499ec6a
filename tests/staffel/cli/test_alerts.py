"""`staffel alerts check`, `test` and `list`."""

from pathlib import Path

import pytest

from alerts.outbox import AlertOutbox
from database.engine import open_database
from tests.alerts.builders import SECRET, FakeChannel, act_now_event, proposed_event
from tests.alerts.conftest import receiver
from tests.alerts.receiver import Receiver, ReceiverResponse
from tests.alerts.world import World
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok

__all__ = ["receiver"]
ROUTES = ["account_manager", "account_executive", "sdr"]
"""Those of the default model."""


@pytest.fixture
def file(home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in STAFFEL_ALERTS."""
    path = home / "alerts.yaml"
    path.write_text(
        "channels:\n"
        f"  - {{name: crm, webhook: '{receiver.url}', secret_env: CRM_SECRET, routes: [{', '.join(ROUTES)}]}}\n"
        f"  - {{name: chat, url: '{receiver.url.replace('http:', 'json:')}', kinds: [act_now]}}\n"
    )
    monkeypatch.setenv("STAFFEL_ALERTS", str(path))
    monkeypatch.setenv("CRM_SECRET", SECRET)
    return path


@pytest.mark.usefixtures("file")
def test_a_file_that_can_be_used_is_shown_without_its_addresses(receiver: Receiver) -> None:
    alone: dict[str, object] = {"owners": None, "names": False, "receivers": [], "fallback": None}
    assert run_json("alerts", "check") == [
        {"channel": "crm", "by": "webhook to 127.0.0.1", "kinds": None, "routes": ROUTES, **alone},
        {"channel": "chat", "by": "json", "kinds": ["act_now"], "routes": None, **alone},
    ]
    said = run_ok("alerts", "check").out
    assert "act_now 15m, handoff_proposed 4h, service_level_passed 4h" in said
    assert not [part for part in (SECRET, "hooks", "tenant") if part in said]
    assert receiver.requests == []


def test_a_file_that_cannot_be_used_is_a_problem(home: Path) -> None:
    (home / "wrong.yaml").write_text("channels: [{name: chat}]")

    assert run_cli("alerts", "check", home / "wrong.yaml").failure == (
        1,
        f"{home / 'wrong.yaml'}:1: channels[0]: name one of `url`, `url_env` and `webhook`",
    )


def test_without_a_file_there_is_an_example_of_one() -> None:
    assert run_cli("alerts", "check").failure == (
        2,
        "STAFFEL_ALERTS names no file; write one that lists channels, for example\n"
        "channels:\n  - name: sales-chat\n    url_env: SALES_CHAT",
    )
    assert run_cli("alerts", "check", "no.yaml").failure == (2, "no.yaml: No such file or directory")


def test_the_receivers_of_an_address_are_told_apart(home: Path, receiver: Receiver) -> None:
    file, port = home / "several.yaml", receiver.url.partition("127.0.0.1:")[2].partition("/")[0]
    file.write_text(f"channels: [{{name: chat, url: 'ntfy://127.0.0.1:{port}/sales/board', fallback: mail}}, "
                    f"{{name: mail, url: 'json://127.0.0.1:{port}'}}]")  # fmt: skip

    [chat, _] = run_json("alerts", "check", file)
    assert sorted(each["label"] for each in chat["receivers"]) == ["bo…", "sa…"]
    said = run_ok("alerts", "check", file).out
    assert "chat has 2 receivers: " in said
    assert "What chat does not take goes to mail." in said
    receiver.responses = [ReceiverResponse(200)]
    run_ok("alerts", "test", "chat", "--file", file)
    assert len(receiver.requests) == 2


def test_handoffs_that_nobody_hears_of_are_a_problem(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "typo.yaml"
    file.write_text("channels: [{name: chat, url: 'json://localhost', routes: [sdrr, account_manager], owners: [ana]}]")
    run_ok("account", "register", "acme.com", "--owner", "Anna")

    result = run_cli("alerts", "check", file)
    assert (result.code, result.err.splitlines()) == (
        1,
        [
            "chat: the model has no route sdrr (did you mean 'sdr'?)",
            "chat: no account has the owner ana (did you mean 'anna'?)",
            "chat: no alert reaches this channel",
            "nobody hears of handoffs to account_manager of accounts of Anna or without an owner",
            "nobody hears of handoffs to account_executive",
            "nobody hears of handoffs to sdr",
        ],
    )
    monkeypatch.setenv("STAFFEL_ALERTS", str(file))
    [row] = [row for row in run_cli("doctor", "--json").parsed if row["check"] == "alerts"]
    assert (row["ok"], row["advice"].partition(";")[0]) == (False, result.err.splitlines()[0])


@pytest.mark.usefixtures("file")
def test_a_test_is_marked_as_one_and_signed(receiver: Receiver) -> None:
    result = run_json("alerts", "test", "crm")

    [request] = receiver.requests
    event = request.verified_event()
    assert (result["status"], result["alert"]) == ("delivered", request.id)
    assert (event["type"], event["data"]["test"], event["data"]["account"]) == ("alert.tested.v1", True, "example.com")
    assert run_json("alerts", "list") == []


@pytest.mark.usefixtures("file")
def test_the_message_says_that_it_is_a_test(receiver: Receiver) -> None:
    assert run_ok("alerts", "test", "chat").out.startswith("chat: delivered, as alert_test_")

    assert b'"title": "TEST, no action needed: Example (example.com)"' in receiver.requests[0].body


@pytest.mark.usefixtures("file")
def test_a_test_that_does_not_arrive_is_a_problem(receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(500)]

    assert run_cli("alerts", "test", "crm").failure == (1, "crm: answered 500")
    assert run_cli("alerts", "test", "nobody").failure == (2, "no channel nobody; the channels are crm, chat")


def test_sent_and_unsent_alerts_are_listed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(f"sqlite:///{home / 'staffel.db'}")
    world = (
        World(engine)
        .restart_with(FakeChannel("chat"))
        .receive(proposed_event(), act_now_event("hot.com"), proposed_event(crossing=2))
        .send_due()
    )
    [first, hot, held] = world.alerts("id")
    engine.dispose()
    result = {"attempts": 1, "next_try_at": None, "told_at": "2026-01-05T12:00:00.000Z", "why": None}
    at = {"channel": "chat", "receiver": None, "at": "2026-01-05T12:00:00.000Z"}

    assert run_json("alerts", "list")[1:] == [
        {"alert": hot, "kind": "act_now", "account": "hot.com", "status": "delivered", **at, **result},
        {"alert": first, "kind": "handoff_proposed", "account": "acme.com", "status": "delivered", **at, **result},
    ]
    assert [row["alert"] for row in run_json("alerts", "list", "--status", "held")] == [held]
    assert run_json("alerts", "list", "--channel", "mail") == []
    monkeypatch.setenv("STAFFEL_ZONE", "Europe/Berlin")
    shown = run_ok("alerts", "list").out.splitlines()
    assert shown[0] == "Newest first, from Mon 5 Jan 2026 13:00 (Europe/Berlin)"
    assert shown[3].startswith("Mon 5 Jan 13:00  acme.com  handoff_proposed  chat     held")


def test_what_waits_says_when_it_is_tried_again(home: Path) -> None:
    engine = open_database(f"sqlite:///{home / 'staffel.db'}")
    World(engine).receive(proposed_event())
    assert AlertOutbox(engine).counts_by_status()["waiting"] == 1
    engine.dispose()

    [row] = run_json("alerts", "list", "--status", "waiting")
    assert (row["next_try_at"], row["told_at"], row["attempts"]) == ("2026-01-05T12:00:00.000Z", None, 0)


def test_an_empty_list_says_so() -> None:
    assert run_ok("alerts", "list").out == "No alerts.\n"
    assert run_cli("alerts", "list", "--status", "lost").failure == (
        2,
        "--status lost: write one of waiting, delivered, failed, held, history, planned, canceled",
    )


def test_without_a_subcommand_it_is_the_process() -> None:
    assert run_cli("alerts").failure == run_cli("alerts", "run").failure
    assert run_cli("alerts", "--port", "0").failure[1].startswith("staffel alerts is only for Apache Kafka")
