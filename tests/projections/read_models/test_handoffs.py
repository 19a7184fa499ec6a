"""Handoffs: the evidence stored at the crossing, the lifecycle, and the published events."""

from typing import Any

import msgspec
import pytest

from projections.derived_facts import new_event, record_id
from projections.handoff_decisions import DecisionRefused, check_decision
from projections.queries import open_queries
from schemas.handoff_events import HANDOFF_EVENTS
from schemas.scores import Changes
from schemas.times import parse_time
from schemas.topics import SQA_HANDOFFS
from tests.projections.builders import NOON, account_scored, at, handoff_opened, handoff_step, ledger_line
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
        ["withdrawn"],
    ],
)
def test_every_step_is_stored_and_published_once(world: World, life: list[str]) -> None:
    world.publish_and_project(crossing_update())
    for seq, status in enumerate(life, start=4):
        world.publish_repeatedly(decision_update(seq, status))

    assert world.rows("handoffs", "status", "seq", "steps") == [(life[-1], 3 + len(life), len(life))]
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


def test_two_who_decide_at_once_write_the_same_fact(world: World) -> None:
    world.publish_and_project(crossing_update())
    with open_queries(world.engine) as queries:
        row = queries.handoff(HANDOFF)

    assert (
        check_decision(row, HANDOFF, "accepted") == check_decision(row, HANDOFF, "rejected") == f"handoff:{HANDOFF}:1"
    )


@pytest.mark.parametrize(
    ("life", "wanted", "code"),
    [
        (["accepted"], "accepted", "already_decided"),
        (["rejected"], "accepted", "already_decided"),
        ([], "recycled", "not_accepted"),
        (["rejected"], "recycled", "not_accepted"),
    ],
)
def test_what_the_fold_would_ignore_is_refused(world: World, life: list[str], wanted: str, code: str) -> None:
    world.publish_and_project(
        crossing_update(), *(decision_update(seq, status) for seq, status in enumerate(life, start=4))
    )
    with open_queries(world.engine) as queries:
        refused = check_decision(queries.handoff(HANDOFF), HANDOFF, wanted)

    assert isinstance(refused, DecisionRefused)
    assert refused.code == code


def test_a_handoff_that_does_not_exist_is_named() -> None:
    refused = check_decision(None, "nobody/acquisition/1", "accepted")

    assert refused == DecisionRefused(
        "no_such_handoff", "there is no handoff nobody/acquisition/1; `staffel handoffs` lists them"
    )


def test_an_expired_handoff_is_accepted_late_by_its_second_step(world: World) -> None:
    world.publish_and_project(crossing_update(), decision_update(4, "expired"))
    with open_queries(world.engine) as queries:
        assert check_decision(queries.handoff(HANDOFF), HANDOFF, "accepted") == f"handoff:{HANDOFF}:2"


def test_a_record_is_known_by_source_and_id() -> None:
    published = new_event("web", "1", "web.page_viewed.v1", "acme.com", NOON, {})

    assert record_id(published) == "web\n1"
