"""The alerts as they run: at once, side by side, one process at a time. On SQLite and on PostgreSQL."""

from threading import Timer
from time import monotonic

import pytest
from sqlalchemy import Engine

from alerts.outbox import AlertOutbox
from alerts.reactor import Alerts
from database.leases import leases
from streams.sql.log import SqlLog
from tests.alerts.alert_runner import (
    append_events,
    await_count,
    delivered_counter,
    new_alerts,
    now_ms,
    recent_event,
    running_alerts,
    webhook_settings,
)
from tests.alerts.builders import DAY, SECRET, accepted_event, proposed_event
from tests.alerts.receiver import Receiver, ReceiverResponse, running_receiver
from tests.alerts.world import FakeLogger


@pytest.fixture
def log(database: Engine) -> SqlLog:
    return SqlLog(database)


def test_an_event_is_sent_within_moments(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    with running_alerts(new_alerts(database, log, webhook_settings(crm=receiver))):
        append_events(log, recent_event("first.com"))
        receiver.await_requests(1)
        begun = monotonic()
        append_events(log, recent_event("second.com"))
        [_, second] = receiver.await_requests(2)

    assert second.verified_event()["subject"] == "second.com"
    assert second.at - begun < 1.0


def test_many_are_sent_once_each_and_in_order(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    accounts = [f"account-{n}.com" for n in range(30)]
    with running_alerts(new_alerts(database, log, webhook_settings(crm=receiver))):
        append_events(log, *map(recent_event, accounts))
        append_events(log, *map(recent_event, accounts), accepted_event(at=now_ms()))
        await_count(delivered_counter(database), 30)

    assert [request.verified_event()["subject"] for request in receiver.requests] == accounts


def test_a_channel_that_does_not_answer_keeps_no_other_waiting(
    database: Engine, log: SqlLog, receiver: Receiver
) -> None:
    with running_receiver() as silent:
        silent.hold()
        with running_alerts(new_alerts(database, log, webhook_settings(silent=silent, crm=receiver))):
            append_events(log, recent_event("first.com"))
            silent.await_requests(1)
            append_events(log, recent_event("second.com"), recent_event("third.com"))
            requests = receiver.await_requests(3)
            assert len(silent.requests) == 1
            silent.hold(False)
            await_count(delivered_counter(database), 6)

    assert [request.verified_event()["subject"] for request in requests] == ["first.com", "second.com", "third.com"]


def test_a_second_process_waits_for_the_first_and_goes_on_where_it_ended(
    database: Engine, log: SqlLog, receiver: Receiver
) -> None:
    settings = webhook_settings(crm=receiver)
    first, second = new_alerts(database, log, settings, "first"), new_alerts(database, log, settings, "second")
    with running_alerts(first) as ends:
        append_events(log, recent_event("one.com"))
        receiver.await_requests(1)
        with running_alerts(second):
            append_events(log, recent_event("two.com"))
            receiver.await_requests(2)
            assert (first.holds_lease(), second.holds_lease()) == (True, False)
            ends.set()
            append_events(log, recent_event("three.com"))
            receiver.await_requests(3)
            await_count(delivered_counter(database), 3)
            assert (first.holds_lease(), second.holds_lease()) == (False, True)

    assert [request.verified_event()["subject"] for request in receiver.requests] == ["one.com", "two.com", "three.com"]


def test_who_dies_holding_the_lease_is_followed_after_its_term(
    database: Engine, log: SqlLog, receiver: Receiver
) -> None:
    settings = webhook_settings(crm=receiver)
    dead = new_alerts(database, log, settings, "dead")
    append_events(log, recent_event())
    begun = monotonic()
    dead.advance()
    receiver.await_requests(1)
    await_count(delivered_counter(database), 1)
    with running_alerts(new_alerts(database, log, settings, "heir")):
        append_events(log, recent_event("heir.com"))
        receiver.await_requests(2)

    assert monotonic() - begun > 0.5
    assert len(receiver.requests) == 2
    dead.close()


def test_after_losing_the_lease_nothing_is_sent(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    settings = webhook_settings(crm=receiver)
    asleep = new_alerts(database, log, settings, "asleep")
    asleep.advance()
    with database.begin() as connection:
        connection.execute(leases.update().values(holder="another", until=now_ms() + DAY))
    await_count(lambda: not asleep.holds_lease(), True)
    append_events(log, recent_event())

    assert (asleep.advance(), asleep.holds_lease(), receiver.requests) == (0, False, [])
    asleep.close()


def test_closing_finishes_the_attempt_in_progress_and_sends_nothing_more(
    database: Engine, log: SqlLog, receiver: Receiver
) -> None:
    receiver.hold()
    step = new_alerts(database, log, webhook_settings(crm=receiver))
    append_events(log, recent_event("one.com"), recent_event("two.com"))
    step.advance()
    receiver.await_requests(1)
    Timer(0.3, receiver.hold, [False]).start()
    step.close()

    rows = AlertOutbox(database).newest(10)
    assert [(row.account, row.status) for row in rows] == [("two.com", "waiting"), ("one.com", "delivered")]
    assert len(receiver.requests) == 1


def test_an_error_in_a_channels_thread_reaches_the_host(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    step = new_alerts(database, log, webhook_settings(crm=receiver))
    step.advance()
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE alerts RENAME COLUMN next_try_at TO gone")

    with pytest.raises(Exception, match="next_try_at"):
        _advance_until_error(step)
    step.close()


def test_events_before_the_first_read_are_not_sent(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    append_events(log, *(proposed_event(f"old-{n}.com", at=now_ms() - (n + 2) * DAY) for n in range(700)))
    with running_alerts(new_alerts(database, log, webhook_settings(crm=receiver))):
        append_events(log, recent_event("new.com"))
        receiver.await_requests(1)
        await_count(delivered_counter(database), 1)

    assert [request.verified_event()["subject"] for request in receiver.requests] == ["new.com"]


def test_no_line_of_log_holds_a_secret_or_an_address(database: Engine, log: SqlLog, receiver: Receiver) -> None:
    receiver.responses = [ReceiverResponse(500), ReceiverResponse(204)]
    lines = FakeLogger()
    with running_alerts(new_alerts(database, log, webhook_settings(crm=receiver), lines=lines)):
        append_events(log, recent_event())
        await_count(delivered_counter(database), 1, seconds=30)

    said = str(lines.lines)
    assert [what for what, _ in lines.lines] == ["alerts_begin", "alert_waiting", "alert_delivered"]
    assert not [part for part in (SECRET, SECRET[6:], "hooks", "tenant", "acme.com") if part in said]


def _advance_until_error(step: Alerts) -> None:
    deadline = monotonic() + 20
    while monotonic() < deadline:
        step.advance()
        step.wait(0.05)
