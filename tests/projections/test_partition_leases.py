"""Projectors share the partitions: each a fair part, nothing twice, nothing left alone."""

import pytest
from sqlalchemy import Engine

from projections.partition_leases import LeasedPartitions
from projections.projector import Projector
from projections.read_models.updates import ScoreUpdate
from projections.read_models.versions import CheckpointConflict
from schemas.topics import SCORES
from tests.projections.builders import account_scored
from tests.projections.concurrent_projector import LogPausedAfterRead
from tests.projections.world import World, run_until_idle

PARTITIONS = 4


@pytest.fixture
def world(database: Engine) -> World:
    return World(database, PARTITIONS)


def partition_leases(world: World, holder: str, duration: int = 15_000) -> LeasedPartitions:
    """Rebalances at every call."""
    return LeasedPartitions(world.engine, world.log, holder, world.clock, lease_duration_ms=duration, interval_s=0)


def publish_accounts(world: World) -> World:
    return world.publish(*(account_scored(f"account-{n}.example") for n in range(20)))


def test_who_is_alone_has_all_partitions(world: World) -> None:
    assert partition_leases(world, "one").partitions() == [0, 1, 2, 3]


def test_who_comes_later_gets_a_fair_part(world: World) -> None:
    one, two = partition_leases(world, "one"), partition_leases(world, "two")
    one.partitions()

    rounds = [[list(each.partitions()) for each in (two, one)] for _ in range(3)]

    assert rounds == [[[], [0, 1]], [[2, 3], [0, 1]], [[2, 3], [0, 1]]]


@pytest.mark.parametrize(("projectors", "most"), [(3, 2), (4, 1), (6, 1)])
def test_every_partition_has_one_projector(world: World, projectors: int, most: int) -> None:
    all_of_them = [partition_leases(world, f"projector {n}") for n in range(projectors)]

    for _ in range(3):
        parts = [list(each.partitions()) for each in all_of_them]

    assert sorted(partition for part in parts for partition in part) == [0, 1, 2, 3]
    assert max(map(len, parts)) == most


def test_what_a_dead_projector_had_is_taken_over_when_its_term_is_over(world: World) -> None:
    dead, alive = partition_leases(world, "dead"), partition_leases(world, "alive")
    for each in (dead, alive, dead, alive):
        each.partitions()
    assert alive.partitions() == [2, 3]

    world.expire_leases()

    assert alive.partitions() == [0, 1, 2, 3]


def test_who_closes_leaves_its_part_at_once(world: World) -> None:
    one, two = partition_leases(world, "one"), partition_leases(world, "two")
    assert (list(one.partitions()), list(two.partitions())) == ([0, 1, 2, 3], [])

    one.close()

    assert two.partitions() == [0, 1, 2, 3]


def test_who_was_paused_for_longer_than_its_term_has_nothing_any_more(world: World) -> None:
    paused, other = partition_leases(world, "paused"), partition_leases(world, "other")
    paused.partitions()
    world.expire_leases()
    other.partitions()

    assert paused.partitions() == []


def test_between_two_askings_nothing_is_asked(world: World) -> None:
    one = LeasedPartitions(world.engine, world.log, "one", world.clock)
    one.partitions()
    world.expire_leases()
    partition_leases(world, "two").partitions()

    assert one.partitions() == [0, 1, 2, 3]


def test_two_projectors_write_everything_once(world: World) -> None:
    one, two = (Projector(world.engine, world.log, assignment=partition_leases(world, name)) for name in ("one", "two"))
    for _ in range(3):
        publish_accounts(world)
        run_until_idle(lambda: one.advance() + two.advance())

    assert len(world.rows("accounts")) == 20
    assert world.rows("checkpoints", "next_offset") == [world.log.end(SCORES, each) for each in range(PARTITIONS)]


def test_a_projector_that_lost_its_lease_in_a_batch_writes_nothing(world: World) -> None:
    publish_accounts(world)
    other = Projector(world.engine, world.log, assignment=partition_leases(world, "other"))
    paused = LogPausedAfterRead(world.log, lambda: (world.expire_leases(), run_until_idle(other.advance)))
    zombie = Projector(world.engine, paused, assignment=partition_leases(world, "paused"))  # type: ignore[arg-type]

    with pytest.raises(CheckpointConflict, match="a checkpoint of main has moved; expected 0 in partition 0"):
        zombie.advance()

    assert other.advance() == 0
    assert len(world.rows("accounts")) == 20


def test_a_partition_that_misses_updates_keeps_the_others_from_nothing(world: World) -> None:
    publish_accounts(world).publish(account_scored("account-3.example", after_seq=5, seq=6))
    missing = world.log.partition_of(SCORES, "account-3.example")
    others = [f"account-{n}.example" for n in range(20) if not is_in_partition(world, n, missing)]

    def replay(partition: int) -> list[ScoreUpdate]:
        seqs = range(6) if partition == missing else ()
        return [account_scored("account-3.example", after_seq=seq, seq=seq + 1) for seq in seqs]

    projector = Projector(world.engine, world.log, assignment=partition_leases(world, "one"), replay=replay)
    projector.advance()

    assert sorted(world.rows("accounts", "account")) == sorted(others)
    run_until_idle(projector.advance)
    assert len(world.rows("accounts")) == 20
    assert world.rows("checkpoints", "next_offset") == [world.log.end(SCORES, each) for each in range(PARTITIONS)]


def is_in_partition(world: World, number: int, partition: int) -> bool:
    return world.log.partition_of(SCORES, f"account-{number}.example") == partition
