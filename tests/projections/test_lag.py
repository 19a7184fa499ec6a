"""How far the reading side is behind, on a log that keeps ids and on one that does not."""

import pytest
from sqlalchemy import Engine

from projections.lag import Lag, ReactorBacklog, projected_offsets, projector_positions, read_lag
from schemas.scores import CHECKPOINT_KEY, Changes, encode_score
from schemas.topics import ENGAGEMENT, SCORES
from streams.log import NewRecord
from tests.projections.builders import (
    NOON,
    account_scored,
    anonymous_scored,
    checkpoint,
    handoff_opened,
    visitor_release,
)
from tests.projections.fake_broker_log import FakeBrokerLog
from tests.projections.world import World

PARTITIONS = 3


@pytest.fixture
def world(database: Engine) -> World:
    return World(database, log=FakeBrokerLog(PARTITIONS))


def test_an_empty_log_has_no_lag(world: World) -> None:
    found = read_lag(world.engine, world.log, NOON)

    nothing = dict.fromkeys(range(PARTITIONS), 0)
    assert found == Lag(scored=nothing, projected=nothing, backlog=ReactorBacklog(outbox=0, age_ms=0, moves=0))
    assert found.is_idle


def test_every_stage_has_its_lag(world: World) -> None:
    world.publish_and_project(
        account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])),
        anonymous_scored(seq=1, releases=[visitor_release()]),
    ).publish(account_scored("late.example"))
    world.log.append(ENGAGEMENT, [NewRecord("acme.com", b"{}")])

    found = read_lag(world.engine, world.log, NOON + 4 * 3_600_000)

    behind = sum(world.log.end(SCORES, p) - at for p, at in projector_positions(world.engine, world.log).items())
    assert (sum(found.scored.values()), sum(found.projected.values())) == (
        2,
        behind,
    )  # an offset of a broker may hold no record
    assert behind > 0
    assert found.backlog == (1, 3_600_000, 1)


def test_positions_cover_every_partition(world: World) -> None:
    world.log.append(SCORES, [NewRecord(CHECKPOINT_KEY, encode_score(checkpoint(17)))], 1)
    world.project()

    assert projected_offsets(world.engine, world.log) == {0: 0, 1: 17, 2: 0}
    assert projector_positions(world.engine, world.log) == {0: 0, 1: 2, 2: 0}
