"""Delivery of waiting alerts: once, again after a failure, and independent of other channels."""

from typing import Any

import pytest
from sqlalchemy import event

from alerts.channels.channel import Alert, AttemptFailed, Delivered, Gone, Outcome
from alerts.retry import retry_delay
from tests.alerts.builders import DAY, HOUR, MINUTE, NOON, FakeChannel, act_now_event, proposed_event
from tests.alerts.world import World


def test_due_alerts_are_sent_in_order_and_marked(world: World) -> None:
    world.receive(proposed_event(), proposed_event("other.com")).send_due(after=5)

    [chat] = world.channels
    assert [(alert.id, alert.kind, alert.event) for alert in chat.sent] == world.alerts("id", "kind", "event")
    assert world.alerts("status", "attempts", "told_at", "why") == [("delivered", 1, NOON + 5, None)] * 2


def test_a_delivered_alert_is_not_sent_again(world: World) -> None:
    world.receive(proposed_event()).send_due().send_due(after=DAY)

    assert len(world.channels[0].sent) == 1


def test_what_was_refused_is_tried_again_after_its_pause_with_the_same_id_and_content(world: World) -> None:
    chat = FakeChannel("chat", AttemptFailed("answered 500"), Delivered())
    world.restart_with(chat).receive(proposed_event()).send_due()
    [id] = world.alerts("id")
    again = retry_delay(id, 1)
    assert world.alerts("status", "attempts", "next_try_at", "why") == [("waiting", 1, NOON + again, "answered 500")]

    world.send_due(after=again - 1)
    assert len(chat.sent) == 1
    world.send_due(after=1)
    assert chat.sent == [chat.sent[0]] * 2
    assert world.alerts("status", "attempts", "why") == [("delivered", 2, None)]


def test_an_alert_that_is_rejected_for_a_day_has_failed(world: World) -> None:
    world.restart_with(FakeChannel("chat", AttemptFailed("answered 500"))).receive(proposed_event())
    for _ in range(60):
        world.send_due(after=HOUR)

    assert world.alerts("status", "attempts", "why") == [
        ("failed", 10, "given up, the next attempt would be too late: answered 500"),
    ]


def test_an_alert_that_waited_through_a_long_outage_is_not_sent(world: World) -> None:
    world.receive(proposed_event()).send_due(after=DAY + 1)

    assert world.channels[0].sent == []
    assert world.alerts("status", "attempts", "why") == [("failed", 0, "it was not sent before it was too old")]


def test_one_refusal_keeps_no_other_alert_of_the_channel_waiting(world: World) -> None:
    world.restart_with(FakeChannel("chat", AttemptFailed("answered 500"), Delivered())).receive(
        proposed_event(), proposed_event("other.com")
    ).send_due()

    assert world.alerts("status") == ["waiting", "delivered"]


def test_retry_after_pauses_the_channel(world: World) -> None:
    chat = FakeChannel("chat", AttemptFailed("answered 429", 10 * MINUTE), Delivered())
    world.restart_with(chat).receive(proposed_event(), proposed_event("other.com")).send_due().send_due(
        after=10 * MINUTE - 1
    )
    assert (len(chat.sent), world.alerts("status")) == (1, ["waiting", "waiting"])

    world.send_due(after=1)
    assert (len(chat.sent), world.alerts("status")) == (3, ["delivered", "delivered"])


def test_a_restart_does_not_end_the_silence(world: World) -> None:
    world.restart_with(FakeChannel("chat", AttemptFailed("answered 429", HOUR))).receive(proposed_event()).send_due()
    chat = FakeChannel("chat")
    world.restart_with(chat).receive(proposed_event("other.com")).send_due(after=2 * MINUTE)
    assert chat.sent == []

    world.send_due(after=58 * MINUTE)
    assert (len(chat.sent), world.alerts("status")) == (2, ["delivered", "delivered"])


def test_other_channels_are_not_silenced(world: World) -> None:
    world.restart_with(FakeChannel("chat", AttemptFailed("answered 429", HOUR)), FakeChannel("mail"))
    world.receive(proposed_event()).send_due()

    assert world.alerts("channel", "status") == [("chat", "waiting"), ("mail", "delivered")]


@pytest.mark.parametrize("step", [20 * MINUTE, 5 * HOUR, 400 * DAY])
def test_a_silence_lasts_as_long_as_asked_where_the_clock_went_back(world: World, step: int) -> None:
    chat = FakeChannel("chat", AttemptFailed("answered 429", 10 * MINUTE), Delivered())
    world.restart_with(chat).receive(proposed_event()).send_due().send_due(after=-step)
    world.send_due(after=10 * MINUTE - 1)
    assert len(chat.sent) == 1

    world.send_due(after=1)
    assert (len(chat.sent), world.alerts("status")) == (2, ["delivered"])


def test_an_alert_that_was_read_before_the_clock_went_back_is_sent_at_once(world: World) -> None:
    world.receive(proposed_event()).send_due(after=-8 * HOUR)

    assert world.alerts("status", "attempts") == [("delivered", 1)]


@pytest.mark.parametrize("step", [MINUTE, HOUR, 8 * HOUR, 400 * DAY])
def test_an_attempt_that_was_planned_before_the_clock_went_back_is_made_at_once(world: World, step: int) -> None:
    chat = FakeChannel("chat", AttemptFailed("answered 500"), Delivered())
    world.restart_with(chat).receive(proposed_event()).send_due().send_due(after=-step)

    assert world.alerts("status", "attempts") == [("delivered", 2)]


def test_a_channel_that_is_gone_gets_nothing_more_until_a_restart(world: World) -> None:
    chat = FakeChannel("chat", Gone("answered 410 Gone"))
    world.restart_with(chat).receive(proposed_event(), proposed_event("other.com")).send_due().receive(
        proposed_event("third.com")
    ).send_due()

    assert len(chat.sent) == 1
    assert world.alerts("status", "attempts", "why") == [
        ("failed", 1, "answered 410 Gone"),
        *[("failed", 0, "answered 410 Gone")] * 2,
    ]
    world.restart_with(FakeChannel("chat")).receive(proposed_event("fourth.com")).send_due()
    assert world.alerts("status")[3:] == ["delivered"]


def test_a_crash_between_sending_and_marking_sends_again_with_the_same_id(world: World) -> None:
    world.receive(proposed_event())
    with pytest.raises(_KilledError):
        _die_before_marking(world)
    [before] = world.channels[0].sent
    assert world.alerts("status", "attempts") == [("waiting", 0)]

    world.restart_with(FakeChannel("chat")).send_due()
    assert world.channels[0].sent == [before]
    assert world.alerts("status", "attempts") == [("delivered", 1)]


def test_without_the_lease_nothing_is_sent(world: World) -> None:
    world.receive(proposed_event())
    world.holds_lease = False
    assert world.send_due().channels[0].sent == []

    world.holds_lease = True
    assert len(world.send_due().channels[0].sent) == 1


def test_a_lease_lost_between_two_alerts_stops_the_delivery(world: World) -> None:
    class Losing(FakeChannel):
        def send(self, alert: Alert) -> Outcome:
            world.holds_lease = False
            return super().send(alert)

    world.restart_with(Losing("chat")).receive(proposed_event(), proposed_event("other.com")).send_due()

    assert world.alerts("status") == ["delivered", "waiting"]


def test_a_state_that_another_process_stored_stays(world: World) -> None:
    class Slow(FakeChannel):
        def send(self, alert: Alert) -> Outcome:
            world.rows.fail_others([("none", "")], "marked by another")
            return super().send(alert)

    world.restart_with(Slow("chat")).receive(proposed_event()).send_due()

    assert world.alerts("status", "why") == [("failed", "marked by another")]
    assert world.logger.lines == []


def test_a_channel_that_raises_counts_as_a_failed_attempt(world: World) -> None:
    class Broken(FakeChannel):
        def send(self, alert: Alert) -> Outcome:
            raise KeyError("token-that-nobody-may-see")

    world.restart_with(Broken("chat")).receive(proposed_event()).send_due()

    assert world.alerts("status", "why") == [("waiting", "the channel failed: KeyError")]


def test_what_waits_for_a_channel_that_is_no_more_has_failed(world: World) -> None:
    world.restart_with(FakeChannel("chat"), FakeChannel("old")).receive(proposed_event())

    assert world.rows.fail_others([("chat", "")], "no such channel") == 1
    assert world.alerts("channel", "status", "why") == [("chat", "waiting", None), ("old", "failed", "no such channel")]


def test_every_attempt_is_a_line_of_log_that_names_no_account(world: World) -> None:
    world.restart_with(FakeChannel("chat", AttemptFailed("answered 500"), Delivered())).receive(
        act_now_event()
    ).send_due().send_due(after=MINUTE)
    [id] = world.alerts("id")

    fields = {"channel": "chat", "alert": id, "kind": "act_now"}
    assert world.logger.lines == [
        ("alert_waiting", {**fields, "attempts": 1, "why": "answered 500"}),
        ("alert_delivered", {**fields, "attempts": 2}),
    ]


class _KilledError(BaseException):
    """The process died here."""


def _die_before_marking(world: World) -> None:
    def kill(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE alerts"):
            raise _KilledError

    event.listen(world.engine, "before_cursor_execute", kill)
    try:
        world.send_due()
    finally:
        event.remove(world.engine, "before_cursor_execute", kill)
