"""Handoffs: the evidence stored at the crossing, the lifecycle, and the published events."""

from typing import Any

import msgspec
import pytest

from projections.derived_facts import new_event, record_id
from schemas.handoff_events import HANDOFF_EVENTS
from schemas.scores import Changes
from schemas.times import parse_time
from schemas.topics import SQA_HANDOFFS
from tests.projections.builders import NOON, account_scored, assignment, at, handoff_opened, handoff_step, ledger_line
from tests.projections.world import World

HANDOFF = "acme.com/acquisition/1"


def crossing_update(*lines: Any, seq: int = 3, **given: Any) -> Any:
    return account_scored(seq=seq, changes=Changes(lines=list(lines), handoffs=[handoff_opened(seq, **given)]))


def decision_update(seq: int, status: str, **given: Any) -> Any:
    return account_scored(after_seq=seq - 1, seq=seq, changes=Changes(steps=[handoff_step(seq, status, **given)]))


def published_events(world: World) -> list[dict[str, Any]]:
    """What was published, each as its schema wants it."""
    published = [msgspec.json.decode(record.value) for record in world.run_reactors().records_of_topic(SQA_HANDOFFS)]
    for each in published:
        HANDOFF_EVENTS[each["type"]].model_validate_json(msgspec.json.encode(each["data"]))
    return published


def test_reasons_are_what_counted_at_the_crossing_by_rule_and_contact(world: World) -> None:
    world.publish_repeatedly(
        crossing_update(
            ledger_line(1, 8.0, time=at(-333), half_life=336),
            ledger_line(2, 10.0, weight=2.0, half_life=None),
            ledger_line(2, -30.0, rule="unsubscribed", contact="c_bert", half_life=None),
            ledger_line(3, 99.0, rule="form", cut="form"),
        )
    )

    assert world.rows("handoffs", "reasons", "people", "facts") == [
        (
            [
                {"rule": "unsubscribed", "contact": "c_bert", "points": -30.0},
                {"rule": "page", "contact": "c_anna", "points": 24.0},
            ],
            ["c_anna"],
            ["fact-1", "fact-2"],
        )
    ]


def test_reasons_do_not_look_past_the_crossing_nor_into_another_track(world: World) -> None:
    lines = [ledger_line(1, half_life=None), ledger_line(2, track="expansion"), ledger_line(4)]
    world.publish_and_project(account_scored(seq=4, changes=Changes(lines=lines, handoffs=[handoff_opened(3)])))

    assert world.rows("handoffs", "reasons") == [[{"rule": "page", "contact": "c_anna", "points": 10.0}]]


def test_the_evidence_reaches_to_the_newest_contribution_that_counts(world: World) -> None:
    role = ledger_line(3, 5.0, rule="~role", half_life=None)
    cut, deduction = ledger_line(3, 9.0, cut="form"), ledger_line(3, -5.0, rule="unsubscribed")
    world.publish_repeatedly(crossing_update(ledger_line(1), ledger_line(2), role, cut, deduction))

    assert world.rows("handoffs", "evidence_until") == [parse_time(at(2))]


def test_a_handoff_is_proposed_with_its_evidence(world: World) -> None:
    world.publish_repeatedly(crossing_update(ledger_line(1, half_life=None)))

    assert published_events(world) == [
        {
            "specversion": "1.0",
            "id": f"{HANDOFF}:proposed",
            "source": "staffel",
            "type": "sqa.handoff_proposed.v1",
            "subject": "acme.com",
            "time": at(3),
            "recordedtime": at(0),
            "data": {
                "handoff": HANDOFF,
                "account": "acme.com",
                "track": "acquisition",
                "crossing": 1,
                "crossed_at": at(3),
                "score": 120.0,
                "model": "test-1-000000000000",
                "route": "sdr",
                "act_now": False,
                "due_at": at(7),
                "reasons": [{"rule": "page", "contact": "c_anna", "points": 10.0}],
                "people": ["c_anna"],
                "facts": ["fact-1"],
                "evidence_until": at(1),
                "cause_type": "web.form_submitted",
                "cause_time": at(3),
                "recorded_at": at(3),
                "position": {"topic": "engagement", "partition": 0, "account_seq": 3},
            },
        }
    ]


@pytest.mark.parametrize(
    "life",
    [
        ["accepted", "converted"],
        ["accepted", "recycled"],
        ["rejected"],
        ["expired"],
        ["expired", "accepted", "converted"],
        ["expired", "rejected"],
        ["accepted", "converted", "recycled"],
        ["withdrawn"],
    ],
)
def test_every_step_is_stored_and_published_once(world: World, life: list[str]) -> None:
    world.publish_and_project(crossing_update())
    for seq, status in enumerate(life, start=4):
        world.publish_repeatedly(decision_update(seq, status))

    numbered = len(life) - life.count("expired")
    assert world.rows("handoffs", "status", "seq", "steps") == [(life[-1], 3 + len(life), numbered)]
    assert world.rows("handoff_steps", "status") == life
    assert [event["type"] for event in published_events(world)] == [f"sqa.handoff_{s}.v1" for s in ["proposed", *life]]


def test_the_event_of_a_decision_says_who_why_and_whether_late(world: World) -> None:
    world.publish_and_project(crossing_update(), decision_update(4, "expired"))
    world.publish_and_project(decision_update(5, "accepted", by="sam", reason="good fit", late=True))

    published = published_events(world)[-1]

    assert published["id"] == f"{HANDOFF}:accepted"
    assert published["time"] == at(5)
    assert published["data"] == {
        **{"handoff": HANDOFF, "account": "acme.com", "track": "acquisition", "crossing": 1},
        **{"fact": "decision-5", "at": at(5), "by": "sam", "reason": "good fit", "opportunity": None, "late": True},
        "recorded_at": at(5),
    }
    assert world.rows("handoffs", "status", "by", "reason", "late", "decided_at") == [
        ("accepted", "sam", "good fit", True, parse_time(at(5)))
    ]


def test_opening_and_decision_in_one_update_are_published_in_order(world: World) -> None:
    world.publish_and_project(
        account_scored(seq=4, changes=Changes(handoffs=[handoff_opened(3)], steps=[handoff_step(4, "rejected")]))
    )

    assert [event["id"] for event in published_events(world)] == [f"{HANDOFF}:proposed", f"{HANDOFF}:rejected"]
    assert world.rows("timers", "kind") == []


def test_an_expiry_waits_for_a_proposed_handoff_alone(world: World) -> None:
    world.publish_and_project(crossing_update())
    assert world.rows("timers", "kind", "ref", "at") == [("expiry", HANDOFF, parse_time(at(7)))]

    world.publish_and_project(decision_update(4, "accepted"))
    assert world.rows("timers") == []


def test_a_record_is_known_by_source_and_id() -> None:
    published = new_event("web", "1", "web.page_viewed.v1", "acme.com", NOON, {})

    assert record_id(published) == "web\n1"


def test_a_handoff_keeps_what_caused_it_and_when_that_was_recorded(world: World) -> None:
    cause = {"cause_type": "meeting.held", "cause_time": at(1), "recorded_at": at(30)}
    world.publish_repeatedly(crossing_update(**cause))

    [stored] = world.rows("handoffs", "cause_type", "cause_time", "recorded_at")
    assert stored == ("meeting.held", parse_time(at(1)), parse_time(at(30)))


def test_a_step_keeps_when_it_was_recorded_and_its_note(world: World) -> None:
    world.publish_and_project(crossing_update())
    world.publish_repeatedly(
        decision_update(4, "rejected", at=at(3), recorded_at=at(9), reason="budget", note="in May")
    )

    [step] = world.rows("handoff_steps", "at", "recorded_at", "reason", "note")
    assert step == (parse_time(at(3)), parse_time(at(9)), "budget", "in May")
    assert world.rows("handoffs", "reason", "note") == [("budget", "in May")]


def test_the_last_assignment_holds_and_changes_nothing_else(world: World) -> None:
    world.publish_and_project(crossing_update())
    for seq, to in enumerate(("anna", "ben"), start=4):
        changes = Changes(assignments=[assignment(seq, to)])
        world.publish_repeatedly(account_scored(after_seq=seq - 1, seq=seq, changes=changes))

    columns = ("status", "assigned_to", "assigned_by", "assigned_at", "steps", "seq")
    assert world.rows("handoffs", *columns) == [("proposed", "ben", "berta", parse_time(at(5)), 0, 3)]
    assert world.rows("handoff_assignments", "to") == ["anna", "ben"]
    assert [event["type"] for event in published_events(world)] == ["sqa.handoff_proposed.v1"]
