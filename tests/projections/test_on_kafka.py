"""Projector and reactors on a real broker and PostgreSQL: no duplicates, lost updates replayed, other logs refused."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from database.engine import open_database
from projections.projector import Projector
from projections.rebuild import rebuild
from schemas.scores import Changes
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.log import Appended, LogRefused, NewRecord
from tests import databases
from tests.kafka.topics import fresh_topics
from tests.projections.builders import (
    account_scored,
    anonymous_scored,
    checkpoint,
    forwarded_fact,
    handoff_opened,
    ledger_line,
    parked_fact,
    visitor_release,
)
from tests.projections.world import World, run_until_idle
from tests.requirements import kafka_server

PARTITIONS = 2
_HISTORY = [
    account_scored(seq=2, changes=Changes(lines=[ledger_line(1), ledger_line(2)])),
    account_scored(after_seq=2, seq=3, changes=Changes(lines=[ledger_line(3)], handoffs=[handoff_opened(3)])),
]
_UPDATES = [
    *_HISTORY,
    anonymous_scored(
        seq=4, parked=[parked_fact(1), parked_fact(2)], releases=[visitor_release()], forwards=[forwarded_fact(4)]
    ),
]
_EXPECTED_IDS = ["acme.com/acquisition/1:proposed", "fact-1~identified-1", "fact-2~identified-1", "fact-4~identified-1"]


class _KilledError(Exception):
    """The process died here."""


class KillableLog(KafkaLog):
    """`moment` is called before and after every append, and may raise."""

    before_and_after_append: Callable[[], object] = staticmethod(dict)

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        self.before_and_after_append()
        appended = super().append(topic, records, partition)
        self.before_and_after_append()
        return appended


@pytest.fixture
def address() -> Iterator[KafkaAddress]:
    with fresh_topics(kafka_server(), PARTITIONS) as address:
        yield address


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KillableLog]:
    opened = KillableLog(address, client="test", retry_timeout_s=20)
    yield opened
    opened.close()


@pytest.fixture
def world(log: KillableLog, tmp_path: Path) -> Iterator[World]:
    engine = open_database(databases.migrated_database("postgresql", tmp_path))
    yield World(engine, log=log)
    engine.dispose()


def appended_ids(world: World) -> list[str]:
    records = [*world.records_of_topic(SQA_HANDOFFS), *world.records_of_topic(ENGAGEMENT)]
    return sorted(msgspec.json.decode(record.value)["id"] for record in records)


def kill_at(log: KillableLog, moment: int) -> None:
    """It dies at the n-th moment from now on, counted from 0."""
    left = iter([False] * moment + [True])

    def tick() -> None:
        if next(left, False):
            raise _KilledError

    log.before_and_after_append = tick  # type: ignore[method-assign]


def test_wherever_relay_and_mover_die_each_record_is_appended_once(world: World, log: KillableLog) -> None:
    world.publish_and_project(*_UPDATES)
    deaths = 0
    for moment in (0, 1, 0, 1, 2, 3):
        kill_at(log, moment)
        try:
            world.run_reactors()
        except _KilledError:
            deaths += 1
    kill_at(log, 1_000)
    world.run_reactors()

    assert deaths >= 4
    assert appended_ids(world) == _EXPECTED_IDS
    assert (world.rows("outbox", "published"), world.rows("append_notes")) == ([True] * 3, [])


def test_a_projector_that_starts_after_compaction_replays(world: World, log: KillableLog) -> None:
    world.publish(_HISTORY[1], checkpoint(3))

    run_until_idle(Projector(world.engine, log, replay=lambda p: _HISTORY if p == _home(log) else []).advance)

    assert world.rows("ledger", "seq") == [1, 2, 3]
    assert world.run_reactors().rows("outbox", "published") == [True, True]  # a handoff, and whom it suppresses


def _home(log: KafkaLog) -> int:
    return log.partition_of(ENGAGEMENT, "acme.com")


def test_recreated_topics_are_refused_until_a_rebuild(world: World, address: KafkaAddress) -> None:
    world.publish_and_project(*_HISTORY).run_reactors()
    kafka_topics.delete_topics(address)
    kafka_topics.create_topics(address, PARTITIONS)
    with closing(KafkaLog(address, client="test")) as log:
        later = World(world.engine, log=log).publish(*_HISTORY)
        with pytest.raises(LogRefused, match="`staffel rebuild main`"):
            later.new_projector().advance()

        rebuild(later.engine, log, lambda p: _HISTORY if p == _home(log) else [])

        assert later.run_reactors().rows("ledger", "seq") == [1, 2, 3]
        assert later.records_of_topic(SQA_HANDOFFS) == []  # it was published, on the topic of before
