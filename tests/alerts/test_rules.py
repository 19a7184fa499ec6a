"""Which event makes which alert, and whether it is sent, held by the cool-down, or history."""

from typing import NamedTuple

import pytest

from alerts.outbox import HELD, WAITING, NewAlert, SentAlert
from alerts.rules import DEFAULT_COOL_DOWN_MS, AlertPolicy, alert_id, is_subscribed, kind_of
from schemas.envelope import FactRecord
from tests.alerts.builders import (
    HOUR,
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


class Wanted(NamedTuple):
    """What a channel asks for."""

    kinds: list[str] | None = None
    routes: list[str] | None = None
    owners: list[str] | None = None


@pytest.mark.parametrize(
    ("kind", "route", "owner", "wanted", "gets"),
    [
        ("act_now", "sdr", "anna", Wanted(), True),
        ("act_now", "sdr", "anna", Wanted(kinds=["act_now"]), True),
        ("act_now", "sdr", "anna", Wanted(kinds=["handoff_proposed"]), True),
        ("handoff_proposed", "sdr", "anna", Wanted(kinds=["act_now"]), False),
        ("service_level_passed", "sdr", "anna", Wanted(kinds=["handoff_proposed", "act_now"]), False),
        ("act_now", "sdr", "anna", Wanted(routes=["account_manager"]), False),
        ("act_now", "sdr", "anna", Wanted(routes=["account_manager", "sdr"]), True),
        ("act_now", None, "anna", Wanted(routes=["sdr"]), False),
        ("act_now", "sdr", "Anna", Wanted(owners=["anna", "bert"]), True),
        ("act_now", "sdr", "carl", Wanted(owners=["anna", "bert"]), False),
        ("act_now", "sdr", None, Wanted(owners=["anna"]), False),
        ("act_now", "sdr", "carl", Wanted(routes=["sdr"], owners=["anna"]), False),
    ],
)
def test_a_channel_takes_its_kinds_routes_and_owners(
    kind: str, route: str | None, owner: str | None, wanted: Wanted, gets: bool
) -> None:
    assert is_subscribed(kind, {"route": route, "company": {"owner": owner}}, wanted) is gets


def new_alerts(*events: FactRecord, now: int = NOON, sent: list[SentAlert] | None = None) -> list[NewAlert]:
    policy = AlertPolicy(sent or [], now, DEFAULT_COOL_DOWN_MS)
    return [policy.new_alert(event, str(kind_of(event)), "chat", "", b"{}") for event in events]


def alert_statuses(*events: FactRecord, now: int = NOON, sent: list[SentAlert] | None = None) -> list[str]:
    return [each.status for each in new_alerts(*events, now=now, sent=sent)]


def test_a_new_alert_waits_at_once() -> None:
    id = alert_id(proposed_event(), "handoff_proposed")

    assert new_alerts(proposed_event(), now=NOON + 5) == [
        NewAlert(id, "chat", "", "handoff_proposed", "acme.com", b"{}", NOON, WAITING, NOON + 5, None)
    ]


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
