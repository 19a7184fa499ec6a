"""Which event makes which alert, and whether it is sent, held by the cool-down, or history."""

import pytest

from alerts.outbox import HELD, HISTORY, WAITING, NewAlert, SentAlert
from alerts.rules import DEFAULT_COOL_DOWN_MS, AlertPolicy, alert_id, is_subscribed, kind_of
from schemas.envelope import FactRecord
from tests.alerts.builders import (
    DAY,
    HOUR,
    MAX_AGE_MS,
    MINUTE,
    NOON,
    accepted_event,
    act_now_event,
    expired_event,
    proposed_event,
)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (proposed_event(), "handoff_proposed"),
        (act_now_event(), "act_now"),
        (expired_event(), "service_level_passed"),
        (accepted_event(), None),
        (proposed_event(act_now="yes"), "handoff_proposed"),
    ],
)
def test_an_event_makes_one_alert_or_none(event: FactRecord, kind: str | None) -> None:
    assert kind_of(event) == kind


def test_an_id_follows_from_event_and_kind_alone() -> None:
    ids = [alert_id(proposed_event(), "handoff_proposed"), alert_id(proposed_event(score=1.0), "handoff_proposed")]
    others = {alert_id(proposed_event(crossing=2), "handoff_proposed"), alert_id(proposed_event(), "act_now"), ids[0]}

    assert ids[0] == ids[1] == "alert_8e92c3738a66a29faccedca85890c4bd"
    assert len(others) == 3


@pytest.mark.parametrize(
    ("kind", "route", "kinds", "routes", "wanted"),
    [
        ("act_now", "sdr", None, None, True),
        ("act_now", "sdr", ["act_now"], None, True),
        ("act_now", "sdr", ["handoff_proposed"], None, True),
        ("handoff_proposed", "sdr", ["act_now"], None, False),
        ("service_level_passed", "sdr", ["handoff_proposed", "act_now"], None, False),
        ("act_now", "sdr", None, ["account_manager"], False),
        ("act_now", "sdr", None, ["account_manager", "sdr"], True),
        ("act_now", None, None, ["sdr"], False),
    ],
)
def test_a_channel_takes_its_kinds_and_routes(
    kind: str, route: str | None, kinds: list[str] | None, routes: list[str] | None, wanted: bool
) -> None:
    assert is_subscribed(kind, route, kinds, routes) is wanted


def new_alerts(*events: FactRecord, now: int = NOON, sent: list[SentAlert] | None = None) -> list[NewAlert]:
    policy = AlertPolicy(sent or [], now, MAX_AGE_MS, DEFAULT_COOL_DOWN_MS)
    return [policy.new_alert(event, str(kind_of(event)), "chat", "", b"{}") for event in events]


def alert_statuses(*events: FactRecord, now: int = NOON, sent: list[SentAlert] | None = None) -> list[str]:
    return [each.status for each in new_alerts(*events, now=now, sent=sent)]


def test_a_new_alert_waits_at_once() -> None:
    id = alert_id(proposed_event(), "handoff_proposed")

    assert new_alerts(proposed_event(), now=NOON + 5) == [
        NewAlert(id, "chat", "", "handoff_proposed", "acme.com", b"{}", NOON, WAITING, NOON + 5, None)
    ]


def test_what_happened_too_long_ago_is_history() -> None:
    assert alert_statuses(proposed_event(), now=NOON + MAX_AGE_MS) == [WAITING]
    assert alert_statuses(proposed_event(), now=NOON + MAX_AGE_MS + 1) == [HISTORY]
    assert new_alerts(proposed_event(), now=NOON + DAY + HOUR)[0].why == (
        "happened 2026-01-05T12:00:00.000Z, read 2026-01-06T13:00:00.000Z: too old to be sent"
    )


def test_a_second_alert_of_a_kind_about_an_account_is_held_until_it_has_cooled_down() -> None:
    soon, later = proposed_event(crossing=2, at=NOON + 4 * HOUR - 1), proposed_event(crossing=3, at=NOON + 4 * HOUR)
    first, held, again = new_alerts(proposed_event(), soon, later)

    assert (first.status, held.status, again.status) == (WAITING, HELD, WAITING)
    assert held.why == f"cooling down after the alert {first.id} about this account at 2026-01-05T12:00:00.000Z"


def test_what_is_urgent_cools_down_sooner() -> None:
    events = [
        act_now_event(),
        act_now_event(crossing=2, at=NOON + 15 * MINUTE - 1),
        act_now_event(crossing=3, at=NOON + 15 * MINUTE),
    ]

    assert alert_statuses(*events) == [WAITING, HELD, WAITING]


def test_kinds_and_accounts_cool_down_apart() -> None:
    assert (
        alert_statuses(proposed_event(), act_now_event(crossing=2), expired_event(), proposed_event("other.com"))
        == [WAITING] * 4
    )


def test_sent_alerts_count_for_the_cool_down_and_held_ones_do_not() -> None:
    before = SentAlert("alert_before", "chat", "", "handoff_proposed", "acme.com", NOON - 3 * HOUR)
    held, later = proposed_event(), proposed_event(crossing=2, at=NOON + 2 * HOUR)

    assert alert_statuses(held, later, sent=[before]) == [HELD, WAITING]


def test_an_alert_is_not_held_because_of_itself() -> None:
    assert alert_statuses(proposed_event(), proposed_event()) == [WAITING, WAITING]


def test_alerts_of_another_channel_do_not_count() -> None:
    before = SentAlert("alert_before", "mail", "", "handoff_proposed", "acme.com", NOON)

    assert alert_statuses(proposed_event(), sent=[before]) == [WAITING]
