"""Relay, mover and timers: what goes back onto the log, and that it goes there once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import event

from projections.derived_facts import moved_fact_id
from projections.reactors.relay import Relay
from projections.work.parking import MAX_PARKED
from schemas.envelope import Fact
from schemas.scores import Changes
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS
from streams.log import NewRecord, Unit
from tests.projections.builders import (
    HOUR,
    NOON,
    account_scored,
    anonymous_scored,
    at,
    fact,
    forwarded_fact,
    handoff_opened,
    parked_fact,
    track_score,
    visitor_release,
)
from tests.projections.world import World


def recorded_facts(world: World) -> list[dict[str, Any]]:
    """What was recorded, each as the envelope wants it."""
    recorded = [msgspec.json.decode(record.value) for record in world.records_of_topic(ENGAGEMENT)]
    for each in recorded:
        Fact.model_validate(each)
    return recorded


def advance_position_to_end(world: World) -> None:
    """The scorer has read everything there is."""
    end = world.log.end(ENGAGEMENT, 0)
    if world.log.position(0) < end:
        world.log.append_unit(Unit(0, world.log.position(0), end, [], []))


def moved_copy(seq: int, move: str = "identified-1") -> dict[str, Any]:
    """Of the fact of that seq of `anon:v_one`, under `acme.com`, recorded at the world's beginning."""
    whole = fact(f"fact-{seq}~{move}", "acme.com", at(seq), contact="v_one", origin=f"fact-{seq}", moves=move)
    return {**whole, "recordedtime": at(0)}


def test_parked_facts_are_recorded_again_oldest_first(world: World) -> None:
    late = parked_fact(2, time=at(0.5))
    world.publish_and_project(anonymous_scored(seq=2, parked=[parked_fact(1), late]))
    world.publish_repeatedly(anonymous_scored(after_seq=2, seq=3, releases=[visitor_release()])).run_reactors()

    assert recorded_facts(world) == [{**moved_copy(2), "time": at(0.5)}, moved_copy(1)]
    assert world.rows("parked") == []
    assert world.rows("moves", "move", "account", "to_account", "done") == [
        ("identified-1", "anon:v_one", "acme.com", True)
    ]


def test_a_copy_is_keyed_and_headed_as_every_fact(world: World) -> None:
    world.publish_and_project(
        anonymous_scored(seq=2, parked=[parked_fact(1)], releases=[visitor_release()])
    ).run_reactors()

    [record] = world.records_of_topic(ENGAGEMENT)
    assert (record.key, record.headers) == ("acme.com", (("content-type", b"application/cloudevents+json"),))
    assert list(msgspec.json.decode(record.value))[:7] == [
        *("specversion", "id", "source", "type", "subject", "time", "recordedtime")
    ]


def test_facts_that_come_after_the_release_are_forwarded(world: World) -> None:
    world.publish_and_project(anonymous_scored(seq=1, releases=[visitor_release()]))
    world.publish_repeatedly(anonymous_scored(after_seq=1, seq=2, forwards=[forwarded_fact(2)])).run_reactors()

    assert recorded_facts(world) == [moved_copy(2)]


def test_a_fact_that_moved_before_keeps_its_origin_and_adds_the_move(world: World) -> None:
    before = msgspec.json.decode(forwarded_fact(2).fact) | {"origin": "first", "moves": "m1", "id": "first~m1"}
    again = msgspec.structs.replace(forwarded_fact(2, move="m2"), fact=msgspec.Raw(msgspec.json.encode(before)))
    world.publish_and_project(anonymous_scored(seq=2, forwards=[again])).run_reactors()

    [recorded] = recorded_facts(world)
    assert (recorded["id"], recorded["origin"], recorded["moves"]) == ("first~m1~m2", "first", "m1 m2")


def test_long_ids_of_copies_are_shortened_and_stay_apart() -> None:
    long = "x" * 190
    shortened = {moved_fact_id(long + "1", "identified-by-a-form"), moved_fact_id(long + "2", "identified-by-a-form")}

    assert {len(id) for id in shortened} == {200}
    assert len(shortened) == 2


def test_the_newest_facts_alone_stay_parked(world: World) -> None:
    many = MAX_PARKED + 5
    world.publish_and_project(anonymous_scored(seq=many, parked=[parked_fact(seq) for seq in range(1, many + 1)]))

    assert world.rows("parked", "seq") == list(range(6, many + 1))


def test_ninety_days_count_back_from_the_newest_fact_of_the_account(world: World) -> None:
    day = 24
    old, edge, new = (parked_fact(seq, time=at(hours)) for seq, hours in enumerate([0, 1 * day, 90 * day], start=1))
    world.publish_and_project(
        anonymous_scored(seq=3, parked=[old, edge, new]), anonymous_scored("anon:v_two", seq=1, parked=[parked_fact(1)])
    )

    assert world.rows("parked", "account", "seq") == [("anon:v_one", 2), ("anon:v_one", 3), ("anon:v_two", 1)]


def test_what_was_released_is_not_parked_again(world: World) -> None:
    world.publish_and_project(anonymous_scored(seq=1, parked=[parked_fact(1)])).publish_and_project(
        anonymous_scored(after_seq=1, seq=2, releases=[visitor_release()])
    ).run_reactors()
    world.reset_and_project().run_reactors()

    assert world.rows("parked") == []
    assert len(recorded_facts(world)) == 1


def test_the_relay_goes_on_after_it_died_between_append_and_mark(world: World) -> None:
    world.publish_and_project(account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])))
    with pytest.raises(_KilledError), _killed_at_update_of(world, "outbox"):
        world.relay.advance()
    assert (len(world.records_of_topic(SQA_HANDOFFS)), world.rows("outbox", "published")) == (1, [False])

    world.run_reactors()
    assert (len(world.records_of_topic(SQA_HANDOFFS)), world.rows("outbox", "published")) == (1, [True])


def test_the_mover_goes_on_after_it_died_between_append_and_mark(world: World) -> None:
    world.publish_and_project(anonymous_scored(seq=1, parked=[parked_fact(1)], releases=[visitor_release()]))
    with pytest.raises(_KilledError), _killed_at_update_of(world, "moves"):
        world.mover.advance()
    assert (len(recorded_facts(world)), world.rows("moves", "done")) == (1, [False])

    world.run_reactors()
    assert (len(recorded_facts(world)), world.rows("moves", "done"), world.rows("parked")) == (1, [True], [])


def test_one_relay_runs_at_a_time(world: World) -> None:
    world.publish_and_project(account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])))
    other = Relay(world.engine, world.log, world.clock, holder="other")
    assert other.advance() == 1
    world.publish_and_project(
        account_scored(after_seq=3, seq=4, changes=Changes(handoffs=[handoff_opened(4, crossing=2)]))
    )

    assert world.relay.advance() == 0
    assert world.expire_leases().relay.advance() == 1


def test_a_relay_that_closes_leaves_its_lease(world: World) -> None:
    world.publish_and_project(
        account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3), handoff_opened(3, crossing=2)]))
    )
    other = Relay(world.engine, world.log, world.clock, holder="other")
    other.advance()
    other.close()
    world.publish_and_project(
        account_scored(after_seq=3, seq=4, changes=Changes(handoffs=[handoff_opened(4, crossing=3)]))
    )

    assert world.relay.advance() == 1


def test_a_review_is_recorded_once_its_hour_has_passed(world: World) -> None:
    world.publish_and_project(account_scored(tracks={"acquisition": track_score(50, "engaged", falls_at=at(20))}))
    assert world.timers.advance() == 0

    world.now = NOON + 20 * HOUR
    assert (world.timers.advance(), world.timers.advance()) == (1, 0)
    assert recorded_facts(world) == [
        {
            "specversion": "1.0",
            "id": f"review:acme.com:{at(20)}",
            "source": "staffel/timers",
            "type": "review.due.v1",
            "subject": "acme.com",
            "time": at(20),
            "recordedtime": at(20),
        }
    ]


def test_a_new_fall_is_reviewed_again(world: World) -> None:
    world.publish_and_project(account_scored(tracks={"acquisition": track_score(50, "engaged", falls_at=at(20))}))
    world.now = NOON + 20 * HOUR
    world.timers.advance()
    advance_position_to_end(world)
    world.publish_and_project(
        account_scored(after_seq=1, seq=2, tracks={"acquisition": track_score(40, "engaged", falls_at=at(30))})
    )
    world.now = NOON + 31 * HOUR

    assert world.timers.advance() == 1
    assert [recorded["time"] for recorded in recorded_facts(world)] == [at(20), at(30)]


def test_an_undecided_handoff_expires(world: World) -> None:
    world.publish_and_project(account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])))
    world.now = NOON + 8 * HOUR
    world.timers.advance()

    [recorded] = recorded_facts(world)
    assert (recorded["id"], recorded["source"], recorded["type"], recorded["time"], recorded["data"]) == (
        *("handoff:acme.com/acquisition/1:expired", "staffel/handoffs", "handoff.expired.v1", at(7)),
        {"handoff": "acme.com/acquisition/1"},
    )


def test_no_time_passes_while_facts_or_updates_are_unread(world: World) -> None:
    world.publish_and_project(account_scored(tracks={"acquisition": track_score(50, "engaged", falls_at=at(20))}))
    world.now = NOON + 21 * HOUR
    world.log.append(ENGAGEMENT, [NewRecord("acme.com", b"{}")])
    assert world.timers.advance() == 0

    advance_position_to_end(world)
    world.publish(account_scored("other.example"))
    assert world.timers.advance() == 0

    world.project()
    assert world.timers.advance() == 1


class _KilledError(Exception):
    """The process died here."""


@contextmanager
def _killed_at_update_of(world: World, table: str) -> Iterator[None]:
    def kill(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(f"UPDATE {table}"):
            raise _KilledError

    event.listen(world.engine, "before_cursor_execute", kill)
    yield from _listener_removed_after(world, kill)


def _listener_removed_after(world: World, listener: Callable[..., None]) -> Iterator[None]:
    try:
        yield
    finally:
        event.remove(world.engine, "before_cursor_execute", listener)
