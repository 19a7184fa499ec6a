"""On a log that does not deduplicate ids, relay, mover and timers append each record once, wherever they die."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event

from database.leases import Lease, LeaseLost
from projections.reactors.append_once import TopicBatch, append_once
from projections.reactors.relay import Relay
from schemas.scores import CHECKPOINT_KEY, Changes, encode_score
from schemas.topics import ENGAGEMENT, SCORES, SQA_HANDOFFS
from streams.log import LogUnavailable, NewRecord
from tests.projections.builders import (
    HOUR,
    NOON,
    account_scored,
    anonymous_scored,
    at,
    checkpoint,
    fact,
    forwarded_fact,
    handoff_opened,
    handoff_step,
    parked_fact,
    track_score,
    visitor_release,
)
from tests.projections.fake_broker_log import FakeBrokerLog
from tests.projections.world import World, run_until_idle

_TRACKS_WITH_FALL = {"acquisition": track_score(120, "sqa", falls_at=at(20))}
_UPDATES = [
    account_scored(seq=3, tracks=_TRACKS_WITH_FALL, changes=Changes(handoffs=[handoff_opened(3)])),
    account_scored(after_seq=3, seq=4, tracks=_TRACKS_WITH_FALL, changes=Changes(steps=[handoff_step(4, "rejected")])),
    account_scored("other.example", tracks=_TRACKS_WITH_FALL),
    anonymous_scored(
        seq=4, parked=[parked_fact(1), parked_fact(2)], releases=[visitor_release()], forwards=[forwarded_fact(4)]
    ),
    anonymous_scored(
        "anon:v_two",
        seq=2,
        parked=[parked_fact(1, "anon:v_two")],
        releases=[visitor_release("other.example", "move-2")],
    ),
]


@pytest.fixture
def log() -> FakeBrokerLog:
    return FakeBrokerLog(partitions=3)


@pytest.fixture
def world(database: Engine, log: FakeBrokerLog) -> World:
    return World(database, log=log)


class _KilledError(Exception):
    """The process died here."""


class _Countdown:
    """Strikes at the n-th moment from its begin on, counted from 0."""

    def __init__(self, moment: int) -> None:
        self._remaining = moment

    def tick(self, *_: object) -> None:
        self._remaining -= 1
        if self._remaining < 0:
            raise _KilledError


@contextmanager
def kill_at(world: World, log: FakeBrokerLog, moment: int) -> Iterator[None]:
    """Moments are before each statement, before each commit, and around each append."""
    countdown = _Countdown(moment)
    log.before_and_after_append = countdown.tick
    for name in ("before_cursor_execute", "commit"):
        event.listen(world.engine, name, countdown.tick)
    try:
        yield
    finally:
        log.before_and_after_append = lambda: None
        for name in ("before_cursor_execute", "commit"):
            event.remove(world.engine, name, countdown.tick)


def kill_at_each_moment(
    world: World, log: FakeBrokerLog, advance: Callable[[], int], before: Callable[[], object] = dict
) -> int:
    """Let it die at its first moment, at its second, and so on, until it comes through; how often it died."""
    for moment in range(1_000):
        before()
        try:
            with kill_at(world, log, moment):
                run_until_idle(advance)
        except _KilledError:
            continue
        return moment
    raise AssertionError("it never came through")


def fact_ids_on(world: World, topic: str) -> list[str]:
    return [msgspec.json.decode(record.value)["id"] for record in world.records_of_topic(topic)]


def append_notes_of(world: World) -> list[Any]:
    return world.rows("append_notes")


def test_the_relay_appends_each_row_once_and_in_order(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)

    assert kill_at_each_moment(world, log, lambda: world.relay.advance()) >= 6

    assert fact_ids_on(world, SQA_HANDOFFS) == ["acme.com/acquisition/1:proposed", "acme.com/acquisition/1:rejected"]
    assert fact_ids_on(world, ENGAGEMENT) == ["fact-4~identified-1"]
    assert (world.rows("outbox", "published"), append_notes_of(world)) == ([True] * 3, [])


def test_the_mover_records_each_fact_once(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)

    assert kill_at_each_moment(world, log, lambda: world.mover.advance()) >= 10

    moved = ["fact-1~identified-1", "fact-1~move-2", "fact-2~identified-1"]
    assert sorted(fact_ids_on(world, ENGAGEMENT)) == moved
    assert (world.rows("parked"), world.rows("moves", "done"), append_notes_of(world)) == ([], [True, True], [])


def test_the_timers_record_each_hour_once(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)
    world.now = NOON + 21 * HOUR

    assert (
        kill_at_each_moment(world, log, lambda: world.timers.advance(), before=lambda: checkpoint_to_end(world, log))
        >= 8
    )

    assert sorted(fact_ids_on(world, ENGAGEMENT)) == [f"review:acme.com:{at(20)}", f"review:other.example:{at(20)}"]
    assert (world.rows("timers", "recorded"), append_notes_of(world)) == ([True, True], [])


def checkpoint_to_end(world: World, log: FakeBrokerLog) -> None:
    """The scorer has read everything there is, and the projector what it told."""
    for partition in range(3):
        encoded = encode_score(checkpoint(log.end(ENGAGEMENT, partition)))
        log.append(SCORES, [NewRecord(CHECKPOINT_KEY, encoded)], partition)
    world.project()


def test_a_successor_appends_only_what_its_predecessor_did_not(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)
    log.before_and_after_append = raise_at(2)  # the handoffs are appended, the facts are not
    with pytest.raises(_KilledError):
        world.relay.advance()
    log.before_and_after_append = do_nothing
    sent = [fact_ids_on(world, topic) for topic in (SQA_HANDOFFS, ENGAGEMENT)]

    run_until_idle(Relay(world.expire_leases().engine, log, world.clock, holder="other").advance)

    assert [len(ids) for ids in sent] == [2, 0]
    assert [fact_ids_on(world, topic) for topic in (SQA_HANDOFFS, ENGAGEMENT)] == [sent[0], ["fact-4~identified-1"]]


def test_what_a_log_took_without_an_answer_is_not_appended_again(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)
    log.before_and_after_append = raise_at(1, LogUnavailable("no answer"))
    with pytest.raises(LogUnavailable):
        world.relay.advance()
    log.before_and_after_append = do_nothing
    run_until_idle(world.relay.advance)

    assert len(fact_ids_on(world, SQA_HANDOFFS)) == 2


def test_what_others_append_meanwhile_is_looked_through(world: World, log: FakeBrokerLog) -> None:
    world.publish_and_project(*_UPDATES)
    log.before_and_after_append = raise_at(3)
    with pytest.raises(_KilledError):
        world.relay.advance()
    log.before_and_after_append = do_nothing
    log.append(ENGAGEMENT, [NewRecord("acme.com", b"no event")])
    log.append(ENGAGEMENT, [NewRecord("acme.com", encode_score(fact("fact-9", "acme.com", at(9))))])

    run_until_idle(world.relay.advance)

    assert len(world.records_of_topic(ENGAGEMENT)) == 3


def test_a_relay_whose_lease_ran_out_appends_nothing(world: World, log: FakeBrokerLog) -> None:
    lease = Lease(world.engine, "relay", "one", world.clock, duration_ms=0)
    assert lease.acquire()

    with pytest.raises(LeaseLost, match="the lease of 'relay' ran out"):
        append_once(world.engine, log, lease, [TopicBatch(SQA_HANDOFFS, [NewRecord("acme.com", b"{}")])], do_nothing)

    assert world.records_of_topic(SQA_HANDOFFS) == []


def do_nothing(*_: object) -> None:
    """Happens."""


def raise_at(moment: int, error: Exception | None = None) -> Callable[[], None]:
    """At the n-th call, counted from 0: even ones are before an append, odd ones after it."""
    left = [error or _KilledError()] + [None] * moment

    def approach() -> None:
        strikes = left.pop()
        if strikes is not None:
            raise strikes

    return approach
