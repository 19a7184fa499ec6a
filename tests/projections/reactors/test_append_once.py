"""On a log that does not keep ids once: what relay, mover and timers append stands there once, wherever they die."""

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
    anonymous,
    at,
    checkpoint,
    fact,
    forward,
    opened,
    parked,
    release,
    step,
    track,
)
from tests.projections.fake_broker_log import BrokerLike
from tests.projections.world import World, drain

_FALLS = {"acquisition": track(120, "sqa", falls_at=at(20))}
_WORK = [
    account_scored(seq=3, tracks=_FALLS, changes=Changes(handoffs=[opened(3)])),
    account_scored(after_seq=3, seq=4, tracks=_FALLS, changes=Changes(steps=[step(4, "rejected")])),
    account_scored("other.example", tracks=_FALLS),
    anonymous(seq=4, parked=[parked(1), parked(2)], releases=[release()], forwards=[forward(4)]),
    anonymous("anon:v_two", seq=2, parked=[parked(1, "anon:v_two")], releases=[release("other.example", "move-2")]),
]


@pytest.fixture
def log() -> BrokerLike:
    return BrokerLike(partitions=3)


@pytest.fixture
def world(database: Engine, log: BrokerLike) -> World:
    return World(database, log=log)


class _Killed(Exception):
    """The process died here."""


class _Death:
    """Strikes at the n-th moment from its begin on, counted from 0."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def approach(self, *_: object) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Killed


@contextmanager
def dying(world: World, log: BrokerLike, moment: int) -> Iterator[None]:
    """Moments are before each statement, before each commit, and around each append."""
    death = _Death(moment)
    log.moment = death.approach
    for name in ("before_cursor_execute", "commit"):
        event.listen(world.engine, name, death.approach)
    try:
        yield
    finally:
        log.moment = lambda: None
        for name in ("before_cursor_execute", "commit"):
            event.remove(world.engine, name, death.approach)


def deaths_of(world: World, log: BrokerLike, advance: Callable[[], int], before: Callable[[], object] = dict) -> int:
    """Let it die at its first moment, at its second, and so on, until it comes through; how often it died."""
    for moment in range(1_000):
        before()
        try:
            with dying(world, log, moment):
                drain(advance)
        except _Killed:
            continue
        return moment
    raise AssertionError("it never came through")


def ids_on(world: World, topic: str) -> list[str]:
    return [msgspec.json.decode(record.value)["id"] for record in world.on_log(topic)]


def notes(world: World) -> list[Any]:
    return world.rows("append_notes")


def test_the_relay_appends_each_row_once_and_in_order(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)

    assert deaths_of(world, log, lambda: world.relay.advance()) >= 6

    assert ids_on(world, SQA_HANDOFFS) == ["acme.com/acquisition/1:proposed", "acme.com/acquisition/1:rejected"]
    assert ids_on(world, ENGAGEMENT) == ["fact-4~identified-1"]
    assert (world.rows("outbox", "published"), notes(world)) == ([True] * 3, [])


def test_the_mover_records_each_fact_once(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)

    assert deaths_of(world, log, lambda: world.mover.advance()) >= 10

    moved = ["fact-1~identified-1", "fact-1~move-2", "fact-2~identified-1"]
    assert sorted(ids_on(world, ENGAGEMENT)) == moved
    assert (world.rows("parked"), world.rows("moves", "done"), notes(world)) == ([], [True, True], [])


def test_the_timers_record_each_hour_once(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)
    world.now = NOON + 21 * HOUR

    assert deaths_of(world, log, lambda: world.timers.advance(), before=lambda: all_read(world, log)) >= 8

    assert sorted(ids_on(world, ENGAGEMENT)) == [f"review:acme.com:{at(20)}", f"review:other.example:{at(20)}"]
    assert (world.rows("timers", "recorded"), notes(world)) == ([True, True], [])


def all_read(world: World, log: BrokerLike) -> None:
    """The scorer has read everything there is, and the projector what it told."""
    for partition in range(3):
        told = encode_score(checkpoint(log.end(ENGAGEMENT, partition)))
        log.append(SCORES, [NewRecord(CHECKPOINT_KEY, told)], partition)
    world.projected()


def test_a_successor_appends_only_what_its_predecessor_did_not(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)
    log.moment = dies_at(2)  # handoffs stand there, the facts do not
    with pytest.raises(_Killed):
        world.relay.advance()
    log.moment = nothing
    sent = [ids_on(world, topic) for topic in (SQA_HANDOFFS, ENGAGEMENT)]

    drain(Relay(world.term_over().engine, log, world.clock, holder="other").advance)

    assert [len(ids) for ids in sent] == [2, 0]
    assert [ids_on(world, topic) for topic in (SQA_HANDOFFS, ENGAGEMENT)] == [sent[0], ["fact-4~identified-1"]]


def test_what_a_log_took_without_an_answer_is_not_appended_again(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)
    log.moment = dies_at(1, LogUnavailable("no answer"))
    with pytest.raises(LogUnavailable):
        world.relay.advance()
    log.moment = nothing
    drain(world.relay.advance)

    assert len(ids_on(world, SQA_HANDOFFS)) == 2


def test_what_others_append_meanwhile_is_looked_through(world: World, log: BrokerLike) -> None:
    world.given(*_WORK)
    log.moment = dies_at(3)
    with pytest.raises(_Killed):
        world.relay.advance()
    log.moment = nothing
    log.append(ENGAGEMENT, [NewRecord("acme.com", b"no event")])
    log.append(ENGAGEMENT, [NewRecord("acme.com", encode_score(fact("fact-9", "acme.com", at(9))))])

    drain(world.relay.advance)

    assert len(world.on_log(ENGAGEMENT)) == 3


def test_a_relay_whose_term_is_over_appends_nothing(world: World, log: BrokerLike) -> None:
    lease = Lease(world.engine, "relay", "one", world.clock, duration_ms=0)
    assert lease.acquire()

    with pytest.raises(LeaseLost, match="the term of 'relay' is over"):
        append_once(world.engine, log, lease, [TopicBatch(SQA_HANDOFFS, [NewRecord("acme.com", b"{}")])], nothing)

    assert world.on_log(SQA_HANDOFFS) == []


def nothing(*_: object) -> None:
    """Happens."""


def dies_at(moment: int, how: Exception | None = None) -> Callable[[], None]:
    """At the n-th call, counted from 0: even ones are before an append, odd ones after it."""
    left = [how or _Killed()] + [None] * moment

    def approach() -> None:
        strikes = left.pop()
        if strikes is not None:
            raise strikes

    return approach
