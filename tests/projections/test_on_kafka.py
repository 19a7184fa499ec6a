"""The reading side on a real broker and a real PostgreSQL: appended once, holes told anew, another log refused."""

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
from tests.projections.builders import account_scored, anonymous, checkpoint, forward, line, opened, parked, release
from tests.projections.world import World, drain
from tests.requirements import kafka_server

PARTITIONS = 2
_LIFE = [
    account_scored(seq=2, changes=Changes(lines=[line(1), line(2)])),
    account_scored(after_seq=2, seq=3, changes=Changes(lines=[line(3)], handoffs=[opened(3)])),
]
_WORK = [*_LIFE, anonymous(seq=4, parked=[parked(1), parked(2)], releases=[release()], forwards=[forward(4)])]
_APPENDED = ["acme.com/acquisition/1:proposed", "fact-1~identified-1", "fact-2~identified-1", "fact-4~identified-1"]


class _Killed(Exception):
    """The process died here."""


class MortalLog(KafkaLog):
    """`moment` is called before and after every append, and may raise."""

    moment: Callable[[], object] = staticmethod(dict)

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        self.moment()
        appended = super().append(topic, records, partition)
        self.moment()
        return appended


@pytest.fixture
def address() -> Iterator[KafkaAddress]:
    with fresh_topics(kafka_server(), PARTITIONS) as address:
        yield address


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[MortalLog]:
    opened = MortalLog(address, client="test", retry_timeout_s=20)
    yield opened
    opened.close()


@pytest.fixture
def world(log: MortalLog, tmp_path: Path) -> Iterator[World]:
    engine = open_database(databases.migrated("postgresql", tmp_path))
    yield World(engine, log=log)
    engine.dispose()


def appended(world: World) -> list[str]:
    records = [*world.on_log(SQA_HANDOFFS), *world.on_log(ENGAGEMENT)]
    return sorted(msgspec.json.decode(record.value)["id"] for record in records)


def lives(log: MortalLog, moment: int) -> None:
    """It dies at the n-th moment from now on, counted from 0."""
    left = iter([False] * moment + [True])

    def approach() -> None:
        if next(left, False):
            raise _Killed

    log.moment = approach  # type: ignore[method-assign]


def test_wherever_relay_and_mover_die_each_record_stands_there_once(world: World, log: MortalLog) -> None:
    world.given(*_WORK)
    deaths = 0
    for moment in (0, 1, 0, 1, 2, 3):
        lives(log, moment)
        try:
            world.worked()
        except _Killed:
            deaths += 1
    lives(log, 1_000)
    world.worked()

    assert deaths >= 4
    assert appended(world) == _APPENDED
    assert (world.rows("outbox", "published"), world.rows("append_notes")) == ([True, True], [])


def test_who_starts_from_what_compaction_left_is_told_anew(world: World, log: MortalLog) -> None:
    world.published(_LIFE[1], checkpoint(3))

    drain(Projector(world.engine, log, replay=lambda p: _LIFE if p == _home(log) else []).advance)

    assert world.rows("ledger", "seq") == [1, 2, 3]
    assert world.worked().rows("outbox", "published") == [True]


def _home(log: KafkaLog) -> int:
    return log.partition_of(ENGAGEMENT, "acme.com")


def test_topics_made_anew_are_refused_until_a_rebuild(world: World, address: KafkaAddress) -> None:
    world.given(*_LIFE).worked()
    kafka_topics.delete_topics(address)
    kafka_topics.create_topics(address, PARTITIONS)
    with closing(KafkaLog(address, client="test")) as log:
        later = World(world.engine, log=log).published(*_LIFE)
        with pytest.raises(LogRefused, match="`staffel rebuild main`"):
            later.restarted().advance()

        rebuild(later.engine, log, lambda p: _LIFE if p == _home(log) else [])

        assert later.worked().rows("ledger", "seq") == [1, 2, 3]
        assert later.on_log(SQA_HANDOFFS) == []  # it was published, on the topic of before
