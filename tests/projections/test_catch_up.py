"""A projector that was away while the log was compacted: told anew by a replay, nothing twice, nothing of before."""

from collections.abc import Iterable, Iterator
from threading import Thread

import pytest

from projections.directory import Directory
from projections.projector import Projector
from projections.read_models.updates import MissingUpdates, Replay, ScoreUpdate
from projections.read_models.versions import CheckpointConflict, checkpoints
from projections.work.parking import park_facts
from projections.work.tables import parked_facts as parked_rows
from schemas.scores import Changes
from schemas.topics import ENGAGEMENT, SCORES, SQA_HANDOFFS
from streams.log import LogRefused
from tests.projections.builders import (
    Published,
    account_scored,
    anonymous,
    checkpoint,
    contact_scored,
    forward,
    line,
    opened,
    parked,
    release,
    step,
    track,
)
from tests.projections.world import World, drain

_FALLS = {"acquisition": track(120, "sqa", falls_at="2026-03-01T00:00:00.000Z")}
_BEFORE: list[ScoreUpdate] = [
    account_scored(seq=2, changes=Changes(lines=[line(1), line(2)], profile={"name": "Acme"})),
    account_scored(after_seq=2, seq=3, tracks=_FALLS, changes=Changes(lines=[line(3)], handoffs=[opened(3)])),
]
_AFTER: list[ScoreUpdate] = [
    account_scored(after_seq=3, seq=5, tracks=_FALLS, changes=Changes(steps=[step(4, "accepted")], lines=[line(5)])),
    contact_scored(seq=5),
    anonymous(seq=2, parked=[parked(1), parked(2)]),
    anonymous(after_seq=2, seq=3, releases=[release()]),
    anonymous(after_seq=3, seq=4, forwards=[forward(4)]),
    account_scored("other.example", seq=1),
]
_LIFE: list[Published] = [*_BEFORE, *_AFTER, checkpoint(12)]
_LAST: list[Published] = [_LIFE[2], _LIFE[3], _LIFE[6], _LIFE[7], _LIFE[8]]
"""What compaction leaves of it: the last record of each key."""


def replayed(_partition: int) -> Iterable[ScoreUpdate]:
    """The same life, cut in another way, as a replay may do it."""
    yield account_scored(seq=1, changes=Changes(lines=[line(1)]))
    yield account_scored(after_seq=1, seq=2, changes=Changes(lines=[line(2)], profile={"name": "Acme"}))
    yield _BEFORE[1]
    yield from _AFTER


def catching_up(world: World, replay: Replay = replayed, batch: int = 2) -> Projector:
    return Projector(world.engine, world.log, replay=replay, batch_size=batch)


def beside_positions(world: World) -> dict[str, list[object]]:
    """Everything but the offsets, which are others where the log was compacted."""
    told = world.everything()
    return {**told, "checkpoints": world.rows("checkpoints", "engagement_next")}


def test_who_starts_from_nothing_on_a_compacted_log_knows_the_same(world: World, straight: World) -> None:
    drain(catching_up(world.published(*_LAST)).advance)

    assert beside_positions(world) == beside_positions(straight.given(*_LIFE))


def test_who_was_away_for_long_knows_the_same(world: World, straight: World) -> None:
    world.given(*_LIFE[:1]).published(*_LAST)
    drain(catching_up(world).advance)

    assert beside_positions(world) == beside_positions(straight.given(*_LIFE))


def test_without_a_replay_a_hole_is_told(world: World) -> None:
    with pytest.raises(MissingUpdates, match=r"updates of acme.com from seq 0 to 3 are missing"):
        Projector(world.engine, world.published(*_LAST).log).advance()


def test_a_hole_that_a_replay_does_not_close_is_told(world: World) -> None:
    with pytest.raises(MissingUpdates, match="from seq 0 to 3 are missing"):
        drain(catching_up(world.published(*_LAST), lambda _: []).advance)


def test_what_was_published_is_not_published_again(world: World) -> None:
    world.given(*_LIFE[:8]).worked()
    sent = [world.on_log(SQA_HANDOFFS), world.on_log(ENGAGEMENT)]
    world.published(account_scored(after_seq=6, seq=7))

    drain(catching_up(world, lambda p: [*replayed(p), account_scored(after_seq=5, seq=7)]).advance)

    assert [world.worked().on_log(SQA_HANDOFFS), world.on_log(ENGAGEMENT)] == sent
    assert world.rows("accounts", "seq", account="acme.com") == [7]


def test_parked_facts_that_were_moved_do_not_come_back(world: World) -> None:
    world.given(*_LIFE[:8]).worked().published(account_scored(after_seq=6, seq=7))

    drain(catching_up(world, lambda p: [*replayed(p), account_scored(after_seq=5, seq=7)]).advance)

    assert world.rows("parked") == []
    assert world.rows("moves", "done") == [True]


def test_where_persons_were_found_since_stays(world: World) -> None:
    """Their partitions are told anew one by one: what one tells may be older than what another told since."""
    world.given(anonymous(seq=1, releases=[release("acme.com")]))
    world.given(account_scored("other.example", changes=Changes(joins={"v_one": "c_ben"})))
    world.published(account_scored(after_seq=2, seq=3))
    again: list[ScoreUpdate] = [anonymous(seq=1, releases=[release("acme.com")]), account_scored(seq=3)]

    drain(catching_up(world, lambda _: again).advance)

    directory = Directory(world.engine)
    assert (directory.account_of_visitor("v_one"), directory.contact_of_visitor("v_one")) == ("other.example", "c_ben")


def test_a_zombie_that_tells_anew_is_stopped_by_the_checkpoint(world: World) -> None:
    world.published(*_LAST)

    def overtaken(partition: int) -> Iterator[ScoreUpdate]:
        yield from replayed(partition)
        drain(catching_up(world).advance)
        yield account_scored("late.example")

    with pytest.raises(CheckpointConflict):
        drain(catching_up(world, overtaken, batch=1).advance)

    assert world.rows("accounts", "account") == ["acme.com", "anon:v_one", "other.example"]


def test_a_replay_that_breaks_off_is_begun_again(world: World, straight: World) -> None:
    world.published(*_LAST)

    def broken(partition: int) -> Iterator[ScoreUpdate]:
        yield from list(replayed(partition))[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(catching_up(world, broken, batch=1).advance)
    drain(catching_up(world).advance)

    assert beside_positions(world) == beside_positions(straight.given(*_LIFE))


@pytest.fixture(name="other_log")
def read_of_another_log(world: World) -> World:
    """Its checkpoint was written while STAFFEL_LOG named another log."""
    world.given(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(log="another"))
    return world


def test_a_checkpoint_of_another_log_is_refused(other_log: World) -> None:
    with pytest.raises(LogRefused, match=r"partition 0 of main .* another topic scores.* `staffel rebuild main`"):
        other_log.restarted().advance()


def test_a_checkpoint_beyond_the_end_of_the_log_is_refused(world: World) -> None:
    world.given(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(next_offset=5))

    with pytest.raises(LogRefused, match="was read up to offset 5, and scores ends at 1"):
        world.restarted().advance()


def test_a_checkpoint_without_its_log_adopts_it(world: World) -> None:
    world.given(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(log=None))
    world.given(account_scored(after_seq=1, seq=2))

    assert world.rows("checkpoints", "log") == [world.log.generation(SCORES)]


def test_who_tells_anew_and_who_moves_do_not_miss_each_other(world: World) -> None:
    """What is parked again while its move is being completed is not left behind for ever."""
    life = [anonymous(seq=1, parked=[parked(1)]), anonymous(after_seq=1, seq=2, releases=[release()])]
    world.given(*life)
    with world.engine.begin() as connection:
        connection.execute(parked_rows.delete())
    mover = Thread(target=world.mover.advance)
    with world.engine.begin() as connection:
        park_facts(connection, life[:1])
        mover.start()
        mover.join(timeout=0.5)
    mover.join()

    assert (world.rows("moves", "done"), world.rows("parked")) == ([True], [])
