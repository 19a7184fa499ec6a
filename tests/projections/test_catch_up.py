"""A projector that was away during a compaction replays the missing updates, without duplicates or outdated rows."""

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
    ScoresRecordValue,
    account_scored,
    anonymous_scored,
    checkpoint,
    contact_scored,
    forwarded_fact,
    handoff_opened,
    handoff_step,
    ledger_line,
    parked_fact,
    track_score,
    visitor_release,
)
from tests.projections.world import World, run_until_idle

_TRACKS_WITH_FALL = {"acquisition": track_score(120, "sqa", falls_at="2026-03-01T00:00:00.000Z")}
_BEFORE: list[ScoreUpdate] = [
    account_scored(seq=2, changes=Changes(lines=[ledger_line(1), ledger_line(2)], profile={"name": "Acme"})),
    account_scored(
        after_seq=2,
        seq=3,
        tracks=_TRACKS_WITH_FALL,
        changes=Changes(lines=[ledger_line(3)], handoffs=[handoff_opened(3)]),
    ),
]
_AFTER: list[ScoreUpdate] = [
    account_scored(
        after_seq=3,
        seq=5,
        tracks=_TRACKS_WITH_FALL,
        changes=Changes(steps=[handoff_step(4, "accepted")], lines=[ledger_line(5)]),
    ),
    contact_scored(seq=5),
    anonymous_scored(seq=2, parked=[parked_fact(1), parked_fact(2)]),
    anonymous_scored(after_seq=2, seq=3, releases=[visitor_release()]),
    anonymous_scored(after_seq=3, seq=4, forwards=[forwarded_fact(4)]),
    account_scored("other.example", seq=1),
]
_HISTORY: list[ScoresRecordValue] = [*_BEFORE, *_AFTER, checkpoint(12)]
_LAST: list[ScoresRecordValue] = [_HISTORY[2], _HISTORY[3], _HISTORY[6], _HISTORY[7], _HISTORY[8]]
"""What compaction leaves of it: the last record of each key."""


def replay_history(_partition: int) -> Iterable[ScoreUpdate]:
    """The same life, cut in another way, as a replay may do it."""
    yield account_scored(seq=1, changes=Changes(lines=[ledger_line(1)]))
    yield account_scored(after_seq=1, seq=2, changes=Changes(lines=[ledger_line(2)], profile={"name": "Acme"}))
    yield _BEFORE[1]
    yield from _AFTER


def projector_with_replay(world: World, replay: Replay = replay_history, batch: int = 2) -> Projector:
    return Projector(world.engine, world.log, replay=replay, batch_size=batch)


def rows_without_offsets(world: World) -> dict[str, list[object]]:
    """Everything but the offsets, which are others where the log was compacted."""
    rows = world.all_rows()
    return {**rows, "checkpoints": world.rows("checkpoints", "engagement_next")}


def test_who_starts_from_nothing_on_a_compacted_log_knows_the_same(world: World, straight: World) -> None:
    run_until_idle(projector_with_replay(world.publish(*_LAST)).advance)

    assert rows_without_offsets(world) == rows_without_offsets(straight.publish_and_project(*_HISTORY))


def test_who_was_away_for_long_knows_the_same(world: World, straight: World) -> None:
    world.publish_and_project(*_HISTORY[:1]).publish(*_LAST)
    run_until_idle(projector_with_replay(world).advance)

    assert rows_without_offsets(world) == rows_without_offsets(straight.publish_and_project(*_HISTORY))


def test_without_a_replay_missing_updates_raise(world: World) -> None:
    with pytest.raises(MissingUpdates, match=r"updates of acme.com from seq 0 to 3 are missing"):
        Projector(world.engine, world.publish(*_LAST).log).advance()


def test_missing_updates_that_a_replay_does_not_bring_raise(world: World) -> None:
    with pytest.raises(MissingUpdates, match="from seq 0 to 3 are missing"):
        run_until_idle(projector_with_replay(world.publish(*_LAST), lambda _: []).advance)


def test_what_was_published_is_not_published_again(world: World) -> None:
    world.publish_and_project(*_HISTORY[:8]).run_reactors()
    sent = [world.records_of_topic(SQA_HANDOFFS), world.records_of_topic(ENGAGEMENT)]
    world.publish(account_scored(after_seq=6, seq=7))

    run_until_idle(
        projector_with_replay(world, lambda p: [*replay_history(p), account_scored(after_seq=5, seq=7)]).advance
    )

    assert [world.run_reactors().records_of_topic(SQA_HANDOFFS), world.records_of_topic(ENGAGEMENT)] == sent
    assert world.rows("accounts", "seq", account="acme.com") == [7]


def test_parked_facts_that_were_moved_do_not_come_back(world: World) -> None:
    world.publish_and_project(*_HISTORY[:8]).run_reactors().publish(account_scored(after_seq=6, seq=7))

    run_until_idle(
        projector_with_replay(world, lambda p: [*replay_history(p), account_scored(after_seq=5, seq=7)]).advance
    )

    assert world.rows("parked") == []
    assert world.rows("moves", "done") == [True]


def test_where_persons_were_found_since_stays(world: World) -> None:
    """Partitions are replayed one by one: an update of one may be older than what another has written since."""
    world.publish_and_project(anonymous_scored(seq=1, releases=[visitor_release("acme.com")]))
    world.publish_and_project(account_scored("other.example", changes=Changes(joins={"v_one": "c_ben"})))
    world.publish(account_scored(after_seq=2, seq=3))
    again: list[ScoreUpdate] = [anonymous_scored(seq=1, releases=[visitor_release("acme.com")]), account_scored(seq=3)]

    run_until_idle(projector_with_replay(world, lambda _: again).advance)

    directory = Directory(world.engine)
    assert (directory.account_of_visitor("v_one"), directory.contact_of_visitor("v_one")) == ("other.example", "c_ben")


def test_a_replaying_projector_that_lost_its_partition_is_stopped_by_the_checkpoint(world: World) -> None:
    world.publish(*_LAST)

    def overtaken(partition: int) -> Iterator[ScoreUpdate]:
        yield from replay_history(partition)
        run_until_idle(projector_with_replay(world).advance)
        yield account_scored("late.example")

    with pytest.raises(CheckpointConflict):
        run_until_idle(projector_with_replay(world, overtaken, batch=1).advance)

    assert world.rows("accounts", "account") == ["acme.com", "anon:v_one", "other.example"]


def test_a_replay_that_breaks_off_is_begun_again(world: World, straight: World) -> None:
    world.publish(*_LAST)

    def broken(partition: int) -> Iterator[ScoreUpdate]:
        yield from list(replay_history(partition))[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_until_idle(projector_with_replay(world, broken, batch=1).advance)
    run_until_idle(projector_with_replay(world).advance)

    assert rows_without_offsets(world) == rows_without_offsets(straight.publish_and_project(*_HISTORY))


@pytest.fixture(name="other_log")
def read_of_another_log(world: World) -> World:
    """Its checkpoint was written while STAFFEL_LOG named another log."""
    world.publish_and_project(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(log="another"))
    return world


def test_a_checkpoint_of_another_log_is_refused(other_log: World) -> None:
    with pytest.raises(LogRefused, match=r"partition 0 of main .* an earlier topic scores.* `staffel rebuild main`"):
        other_log.new_projector().advance()


def test_a_checkpoint_beyond_the_end_of_the_log_is_refused(world: World) -> None:
    world.publish_and_project(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(next_offset=5))

    with pytest.raises(LogRefused, match="was read up to offset 5, but scores ends at 1"):
        world.new_projector().advance()


def test_a_checkpoint_without_its_log_adopts_it(world: World) -> None:
    world.publish_and_project(account_scored())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(log=None))
    world.publish_and_project(account_scored(after_seq=1, seq=2))

    assert world.rows("checkpoints", "log") == [world.log.generation(SCORES)]


def test_a_replay_and_a_concurrent_mover_lose_no_parked_fact(world: World) -> None:
    """What is parked again while its move is being completed is not left behind for ever."""
    life = [
        anonymous_scored(seq=1, parked=[parked_fact(1)]),
        anonymous_scored(after_seq=1, seq=2, releases=[visitor_release()]),
    ]
    world.publish_and_project(*life)
    with world.engine.begin() as connection:
        connection.execute(parked_rows.delete())
    mover = Thread(target=world.mover.advance)
    with world.engine.begin() as connection:
        park_facts(connection, life[:1])
        mover.start()
        mover.join(timeout=0.5)
    mover.join()

    assert (world.rows("moves", "done"), world.rows("parked")) == ([True], [])
