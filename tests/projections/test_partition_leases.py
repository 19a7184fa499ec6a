"""Projectors share the partitions: each a fair part, nothing twice, nothing left alone."""

import pytest
from sqlalchemy import Engine

from projections.partition_leases import LeasedPartitions
from projections.projector import Projector
from projections.read_models.updates import ScoreUpdate
from projections.read_models.versions import CheckpointConflict
from schemas.topics import SCORES
from tests.projections.builders import account_scored
from tests.projections.concurrent_projector import PausedAfterReading
from tests.projections.world import World, drain

PARTITIONS = 4


@pytest.fixture
def world(database: Engine) -> World:
    return World(database, PARTITIONS)


def shares(world: World, holder: str, term: int = 15_000) -> LeasedPartitions:
    """One that asks anew at every call."""
    return LeasedPartitions(world.engine, world.log, holder, world.clock, lease_duration_ms=term, interval_s=0)


def told(world: World) -> World:
    return world.published(*(account_scored(f"account-{n}.example") for n in range(20)))


def test_who_is_alone_has_all_partitions(world: World) -> None:
    assert shares(world, "one").partitions() == [0, 1, 2, 3]


def test_who_comes_later_gets_a_fair_part(world: World) -> None:
    one, two = shares(world, "one"), shares(world, "two")
    one.partitions()

    rounds = [[list(each.partitions()) for each in (two, one)] for _ in range(3)]

    assert rounds == [[[], [0, 1]], [[2, 3], [0, 1]], [[2, 3], [0, 1]]]


@pytest.mark.parametrize(("projectors", "most"), [(3, 2), (4, 1), (6, 1)])
def test_every_partition_has_one_projector(world: World, projectors: int, most: int) -> None:
    all_of_them = [shares(world, f"projector {n}") for n in range(projectors)]

    for _ in range(3):
        parts = [list(each.partitions()) for each in all_of_them]

    assert sorted(partition for part in parts for partition in part) == [0, 1, 2, 3]
    assert max(map(len, parts)) == most


def test_what_a_dead_projector_had_is_taken_over_when_its_term_is_over(world: World) -> None:
    dead, alive = shares(world, "dead"), shares(world, "alive")
    for each in (dead, alive, dead, alive):
        each.partitions()
    assert alive.partitions() == [2, 3]

    world.term_over()

    assert alive.partitions() == [0, 1, 2, 3]


def test_who_closes_leaves_its_part_at_once(world: World) -> None:
    one, two = shares(world, "one"), shares(world, "two")
    assert (list(one.partitions()), list(two.partitions())) == ([0, 1, 2, 3], [])

    one.close()

    assert two.partitions() == [0, 1, 2, 3]


def test_who_was_paused_for_longer_than_its_term_has_nothing_any_more(world: World) -> None:
    paused, other = shares(world, "paused"), shares(world, "other")
    paused.partitions()
    world.term_over()
    other.partitions()

    assert paused.partitions() == []


def test_between_two_askings_nothing_is_asked(world: World) -> None:
    one = LeasedPartitions(world.engine, world.log, "one", world.clock)
    one.partitions()
    world.term_over()
    shares(world, "two").partitions()

    assert one.partitions() == [0, 1, 2, 3]


def test_two_projectors_write_everything_once(world: World) -> None:
    one, two = (Projector(world.engine, world.log, assignment=shares(world, name)) for name in ("one", "two"))
    for _ in range(3):
        told(world)
        drain(lambda: one.advance() + two.advance())

    assert len(world.rows("accounts")) == 20
    assert world.rows("checkpoints", "next_offset") == [world.log.end(SCORES, each) for each in range(PARTITIONS)]


def test_a_zombie_in_the_middle_of_its_batch_is_stopped_and_writes_nothing(world: World) -> None:
    told(world)
    other = Projector(world.engine, world.log, assignment=shares(world, "other"))
    paused = PausedAfterReading(world.log, lambda: (world.term_over(), drain(other.advance)))
    zombie = Projector(world.engine, paused, assignment=shares(world, "zombie"))  # type: ignore[arg-type]

    with pytest.raises(CheckpointConflict, match="a checkpoint of main is not where it was: 0 in partition 0"):
        zombie.advance()

    assert other.advance() == 0
    assert len(world.rows("accounts")) == 20


def test_a_partition_that_misses_updates_keeps_the_others_from_nothing(world: World) -> None:
    told(world).published(account_scored("account-3.example", after_seq=5, seq=6))
    missing = world.log.partition_of(SCORES, "account-3.example")
    others = [f"account-{n}.example" for n in range(20) if not is_home(world, n, missing)]

    def replay(partition: int) -> list[ScoreUpdate]:
        seqs = range(6) if partition == missing else ()
        return [account_scored("account-3.example", after_seq=seq, seq=seq + 1) for seq in seqs]

    projector = Projector(world.engine, world.log, assignment=shares(world, "one"), replay=replay)
    projector.advance()

    assert sorted(world.rows("accounts", "account")) == sorted(others)
    drain(projector.advance)
    assert len(world.rows("accounts")) == 20
    assert world.rows("checkpoints", "next_offset") == [world.log.end(SCORES, each) for each in range(PARTITIONS)]


def is_home(world: World, number: int, partition: int) -> bool:
    return world.log.partition_of(SCORES, f"account-{number}.example") == partition
