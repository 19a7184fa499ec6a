"""A rebuild makes the same read models beside the old ones, sends nothing, and loses nothing that waits."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, inspect

from database.leases import acquire_lease
from projections.read_models.updates import ScoreUpdate
from projections.read_models.versions import version_of
from projections.rebuild import RebuildInProgress, rebuild, system_clock
from schemas.scores import Changes
from schemas.topics import SCORES, SQA_HANDOFFS
from streams.log import LogRefused
from tests.projections.builders import (
    account_scored,
    anonymous_scored,
    contact_scored,
    handoff_opened,
    handoff_step,
    ledger_line,
    parked_fact,
    track_score,
)
from tests.projections.fake_broker_log import FakeBrokerLog
from tests.projections.world import World

_TRACKS_WITH_FALL = {"acquisition": track_score(120, "sqa", falls_at="2026-03-01T00:00:00.000Z")}
_FIRST = account_scored(
    seq=2,
    tracks=_TRACKS_WITH_FALL,
    changes=Changes(lines=[ledger_line(1), ledger_line(2)], handoffs=[handoff_opened(2)], profile={"name": "Acme"}),
)
_SECOND = account_scored(
    after_seq=2, seq=3, tracks=_TRACKS_WITH_FALL, changes=Changes(steps=[handoff_step(3, "accepted")])
)
_COMPLETE_UPDATE = account_scored(
    seq=3,
    tracks=_TRACKS_WITH_FALL,
    changes=Changes(
        lines=[ledger_line(1), ledger_line(2)],
        handoffs=[handoff_opened(2)],
        steps=[handoff_step(3, "accepted")],
        profile={"name": "Acme"},
    ),
)
_CONTACT = contact_scored(seq=2)
_READ_MODELS = (
    "accounts", "contacts", "ledger", "stage_changes", "handoffs", "handoff_steps", "handoff_assignments", "gated",
    "timers",
)  # fmt: skip


def replay(_partition: int) -> Iterable[ScoreUpdate]:
    """All of it at once, as a replay may cut it."""
    return [_COMPLETE_UPDATE, _CONTACT]


def read_models_of(world: World) -> dict[str, object]:
    return {name: world.rows(name) for name in _READ_MODELS}


def test_a_rebuild_makes_the_same_rows_and_sends_nothing(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT).run_reactors()
    before, sent = read_models_of(world), len(world.records_of_topic(SQA_HANDOFFS))

    assert rebuild(world.engine, world.log, replay) == 2

    assert read_models_of(world) == before
    assert "ledger_v2" in inspect(world.engine).get_table_names()
    assert len(world.run_reactors().records_of_topic(SQA_HANDOFFS)) == sent == 2


def test_a_rebuild_heals_rows_that_were_altered(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)
    before = read_models_of(world)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ledger SET points = 99")

    rebuild(world.engine, world.log, replay)

    assert read_models_of(world) == before


def test_the_projector_goes_on_with_the_new_version(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)
    rebuild(world.engine, world.log, replay)
    world.publish_and_project(account_scored(after_seq=3, seq=4, changes=Changes(lines=[ledger_line(4)])))

    assert world.rows("ledger", "seq") == [1, 2, 4]
    assert world.rows("checkpoints", "version", "next_offset", version=2) == [(2, 4)]


def test_what_the_projector_had_not_read_yet_is_still_sent(world: World) -> None:
    world.publish_and_project(_FIRST).publish(_SECOND, _CONTACT)

    rebuild(world.engine, world.log, replay)

    assert world.rows("handoffs", "status") == ["accepted"]
    assert len(world.run_reactors().records_of_topic(SQA_HANDOFFS)) == 2


def test_a_rebuild_leaves_the_work_in_hand_alone(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, anonymous_scored(seq=1, parked=[parked_fact(1)]))
    work = [world.rows(name) for name in ("parked", "moves", "outbox", "directory_accounts")]

    rebuild(world.engine, world.log, replay)

    assert [world.rows(name) for name in ("parked", "moves", "outbox", "directory_accounts")] == work


def test_a_rebuild_that_was_interrupted_is_cleared_by_the_next(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)
    before = read_models_of(world)

    def interrupted(_partition: int) -> Iterable[ScoreUpdate]:
        yield _COMPLETE_UPDATE
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(world.engine, world.log, interrupted)
    assert read_models_of(world) == before

    rebuild(world.engine, world.log, replay)
    assert read_models_of(world) == before


def test_versions_follow_each_other_and_the_oldest_are_cleared(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)

    assert [rebuild(world.engine, world.log, replay) for _ in range(3)] == [2, 3, 4]

    with world.engine.connect() as connection:
        assert version_of(connection) == 4
    tables = inspect(world.engine).get_table_names()
    assert [name for name in tables if name.startswith("ledger")] == ["ledger", "ledger_v3", "ledger_v4"]


def test_two_rebuilds_at_once_the_second_says_who_rebuilds(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)

    def in_the_middle(_partition: int) -> Iterable[ScoreUpdate]:
        with pytest.raises(RebuildInProgress, match="main is being rebuilt by the first; wait for it to finish"):
            rebuild(world.engine, world.log, replay, holder="the second", timeout_s=0)
        return [_COMPLETE_UPDATE, _CONTACT]

    assert rebuild(world.engine, world.log, in_the_middle, holder="the first") == 2
    assert rebuild(world.engine, world.log, replay, holder="the second", timeout_s=0) == 3


def test_a_rebuild_waits_for_one_that_was_killed(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)
    assert acquire_lease(world.engine, "rebuild/main", "killed", system_clock(), duration_ms=300)

    assert rebuild(world.engine, world.log, replay) == 2


def test_a_rebuild_that_lost_its_lease_stops(world: World) -> None:
    world.publish_and_project(_FIRST, _SECOND, _CONTACT)

    def overtaken(_partition: int) -> Iterable[ScoreUpdate]:
        world.expire_leases()
        acquire_lease(world.engine, "rebuild/main", "another", system_clock())
        return [_COMPLETE_UPDATE, _CONTACT]

    with pytest.raises(RebuildInProgress, match="rebuilt by another"):
        rebuild(world.engine, world.log, overtaken)
    assert _version(world) == 1


def test_after_the_topics_were_recreated_a_rebuild_helps(database: Engine) -> None:
    """Facts and scores are the same again; their offsets are not."""
    log = FakeBrokerLog()
    world = World(database, log=log).publish_and_project(_FIRST, _SECOND, _CONTACT).run_reactors()
    before, sent = read_models_of(world), len(world.records_of_topic(SQA_HANDOFFS))
    log.recreate(SCORES)
    world.publish(_FIRST, _SECOND, _CONTACT)
    with pytest.raises(LogRefused, match="`staffel rebuild main`"):
        world.new_projector().advance()

    rebuild(world.engine, log, replay)

    assert read_models_of(world) == before
    assert len(world.run_reactors().records_of_topic(SQA_HANDOFFS)) == sent
    assert world.rows("checkpoints", "next_offset", "log", version=2) == [(log.end(SCORES, 0), log.generation(SCORES))]


def _version(world: World) -> int:
    with world.engine.connect() as connection:
        return version_of(connection)
