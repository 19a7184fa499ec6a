"""Steps of a service level: planned with the handoff, canceled by any answer. On SQLite and on PostgreSQL."""

from typing import Any

import msgspec
import pytest

from projections.derived_facts import STAFFEL_SOURCE, new_event
from schemas.envelope import FactRecord
from scoring.model.loading import load_model
from scoring.plan.compiler import compile_model
from scoring.plan.plan import Plan
from tests.alerts.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    FakeChannel,
    act_now_event,
    expired_event,
    proposed_event,
    settings,
)
from tests.alerts.test_subscription import handoff_row
from tests.alerts.world import World

MODEL = """
model: reminders
timezone: UTC
tracks:
  acquisition:
    rules: [{id: demo, on: web.form_submitted, points: 60}]
    stages: [{name: sqa, enter: 50, leave: 20, handoff: true}]
handoff:
  service_level:
    accept_within: 4 hours
    steps: [{at: 80 %, alert: reminder}, {at: 100 %, to: heads}, {at: 150 %, alert: reminder}]
  routes: [{to: sdr}]
"""
FOUR_FIFTHS = NOON + 192 * MINUTE


def plan() -> Plan:
    return compile_model(load_model(MODEL, "model.yaml"), "reminders-1-000000000000")


@pytest.fixture
def chat() -> FakeChannel:
    return FakeChannel("chat")


@pytest.fixture
def heads() -> FakeChannel:
    return FakeChannel("heads")


@pytest.fixture
def planning(world: World, chat: FakeChannel, heads: FakeChannel) -> World:
    """A chat of the route `sdr` and one of the route `heads`."""
    channels = settings("chat, routes: [sdr]", "heads, routes: [heads]")
    world.plan = plan()
    return world.restart_with(chat, heads, settings=channels)


def answer_event(status: str, **fields: Any) -> FactRecord:
    data = {"handoff": "acme.com/acquisition/1", "account": "acme.com", "track": "acquisition", "crossing": 1}
    at = "2026-01-05T12:30:00.000Z"
    type_ = f"sqa.handoff_{status}.v1"
    return new_event(STAFFEL_SOURCE, f"1:{status}", type_, "acme.com", NOON + HOUR, {**data, "at": at, **fields})


def test_steps_are_planned_at_their_shares_of_the_time_to_answer(planning: World) -> None:
    planning.receive(proposed_event())

    assert planning.alerts("channel", "kind", "status", "at", "next_try_at") == [
        ("chat", "handoff_proposed", "waiting", NOON, NOON),
        ("chat", "reminder", "planned", FOUR_FIFTHS, FOUR_FIFTHS),
        ("heads", "escalation", "planned", NOON + 4 * HOUR, NOON + 4 * HOUR),
        ("chat", "reminder", "planned", NOON + 6 * HOUR, NOON + 6 * HOUR),
    ]


def test_each_is_sent_once_at_its_time(planning: World, chat: FakeChannel, heads: FakeChannel) -> None:
    planning.receive(proposed_event()).send_due().send_due(after=192 * MINUTE - 1)
    assert [alert.kind for alert in chat.sent] == ["handoff_proposed"]

    planning.send_due(after=1).send_due(after=48 * MINUTE).send_due(after=DAY // 2).send_due(after=HOUR)
    assert [alert.kind for alert in chat.sent] == ["handoff_proposed", "reminder", "reminder"]
    assert [alert.kind for alert in heads.sent] == ["escalation"]
    content = msgspec.json.decode(heads.sent[0].event)
    assert (content["type"], content["data"]["step"]) == ("alert.escalated.v1", {"percent": 100, "to": "heads"})


@pytest.mark.parametrize("status", ["accepted", "rejected", "withdrawn", "converted", "recycled"])
def test_any_answer_cancels_them(planning: World, chat: FakeChannel, heads: FakeChannel, status: str) -> None:
    planning.receive(proposed_event()).send_due().receive(answer_event(status)).send_due(after=DAY)

    assert planning.alerts("status", "why") == [("delivered", None), *[("canceled", "sales has answered")] * 3]
    assert (len(chat.sent), heads.sent) == (1, [])


def test_an_answer_in_the_same_batch_cancels_them_too(planning: World) -> None:
    planning.receive(proposed_event(), answer_event("accepted"))

    assert planning.alerts("status") == ["waiting", *["canceled"] * 3]


def test_an_expiry_is_no_answer(planning: World) -> None:
    planning.receive(proposed_event()).receive(expired_event(at=NOON + 4 * HOUR))

    assert planning.alerts("kind", "status")[1:4] == [
        *[("reminder", "planned"), ("escalation", "planned"), ("reminder", "planned")]
    ]


def test_an_answer_that_is_projected_and_not_yet_published_cancels_them(planning: World, chat: FakeChannel) -> None:
    planning.receive(proposed_event()).send_due()
    planning.add_handoff(handoff_row() | {"status": "accepted"}).send_due(after=200 * MINUTE)

    assert (len(chat.sent), planning.alerts("status")[1]) == (1, "canceled")


def test_a_reminder_that_comes_after_the_due_time_is_not_sent(planning: World, chat: FakeChannel) -> None:
    planning.now += 5 * HOUR
    planning.receive(proposed_event()).send_due()

    assert planning.alerts("kind", "status", "why")[1:] == [
        ("reminder", "canceled", "it is overdue"),
        ("escalation", "delivered", None),
        ("reminder", "planned", None),
    ]


def test_history_has_no_steps(planning: World) -> None:
    planning.receive(proposed_event(at=NOON - 2 * DAY))

    assert planning.alerts("kind", "status") == [("handoff_proposed", "history")]


def test_what_is_read_again_plans_nothing_again(planning: World) -> None:
    planning.receive(proposed_event(), answer_event("accepted")).receive(proposed_event())

    assert planning.alerts("status") == ["waiting", *["canceled"] * 3]


def test_without_a_due_time_there_are_no_steps(planning: World) -> None:
    planning.receive(proposed_event(due_at=None))

    assert planning.alerts("kind") == ["handoff_proposed"]


def test_an_escalation_is_not_told_to_who_hears_of_the_handoff_itself(world: World) -> None:
    world.plan = plan()
    world.restart_with(FakeChannel("all"), settings=settings("all")).receive(act_now_event())

    assert world.alerts("kind") == ["act_now", "reminder", "reminder"]


@pytest.mark.parametrize("step", [MINUTE, 3 * HOUR, 300 * DAY])
def test_a_clock_that_goes_back_sends_nothing_early(planning: World, chat: FakeChannel, step: int) -> None:
    planning.receive(proposed_event()).send_due().send_due(after=-step).send_due(after=step - 1)
    assert [alert.kind for alert in chat.sent] == ["handoff_proposed"]

    planning.send_due(after=192 * MINUTE + 1)
    assert [alert.kind for alert in chat.sent] == ["handoff_proposed", "reminder"]
