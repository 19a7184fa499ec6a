"""A host that is killed at random moments under load loses nothing, doubles nothing, and computes what a fold does.

`STAFFEL_CRASH_SEED` chooses what is recorded, and how long each process lives.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event

import pytest

from audit.verify import verify
from projections.lag import projected_offsets
from schemas.envelope import record_id
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS
from staffel.application import Application
from staffel.connect import connect
from tests import databases
from tests.crash import children, load
from tests.crash.case_runner import Stage
from tests.crash.children import Child
from tests.crash.consistency import facts_of, judge

SEED = int(os.environ.get("STAFFEL_CRASH_SEED", "1"))
KILLED = -9
POLL_S = 0.004
LONGEST_S = 60
IMPORTS_KILLED = 15


Progress = Callable[[Application], int]


def scored(staffel: Application) -> int:
    """How many records the scorers have passed."""
    return sum(staffel.log.position(each) for each in range(staffel.log.partitions(ENGAGEMENT)))


def seen(staffel: Application) -> int:
    """How many records can be seen in the read models."""
    return sum(projected_offsets(staffel.engine, staffel.log).values())


def published(staffel: Application) -> int:
    """How many handoff events were published."""
    return sum(staffel.log.end(SQA_HANDOFFS, each) for each in range(staffel.log.partitions(SQA_HANDOFFS)))


def await_progress(staffel: Application, host: Child, progress: Progress) -> None:
    """Until there is some."""
    before, never = progress(staffel), Event()
    for _ in range(int(LONGEST_S / POLL_S)):
        if progress(staffel) > before:
            return
        assert host.process.exitcode is None, f"the host ended by itself: {host.ended()}"
        never.wait(POLL_S)
    raise AssertionError("the host does not get on")


def kill_hosts(stage: Stage, staffel: Application, times: int, chance: Random) -> None:
    """So many lives of `staffel up`, each ended a moment after it got on with something."""
    for n in range(times):
        host = children.start(load.command, stage, ["up"])
        await_progress(staffel, host, (scored, seen, seen, published if n > times // 2 else seen)[n % 4])
        if n % 10 == 9:  # what is seen of a host at work is whole at every moment
            assert verify(staffel.log, staffel.engine).mismatches == []
        Event().wait(chance.random() ** 2 * 0.2)
        host.kill()
        assert host.process.exitcode == KILLED


def recording_while_hosts_die(stage: Stage, times: int) -> tuple[Application, list[str]]:
    """The database afterwards, drained, and the ids of what was answered `recorded`."""
    staffel = connect(stage.settings())
    stop = children.forks().Event()
    recording = children.start(load.go_on_recording, stage, SEED, stop)
    try:
        kill_hosts(stage, staffel, times, Random(SEED))
    finally:
        stop.set()
    ended = recording.ended()
    assert ended.code == 0
    staffel.wait_until_visible()
    return staffel, ended.told[0]


@pytest.mark.parametrize(("kind", "partitions", "times"), [("sqlite", 1, 50), ("postgresql", 4, 12)])
def test_a_host_killed_at_random_moments_leaves_what_a_straight_fold_computes(
    kind: str, partitions: int, times: int, tmp_path: Path
) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown where the test fails
    stage = Stage(databases.migrated(kind, tmp_path), partitions)
    staffel, recorded = recording_while_hosts_die(stage, times)
    figures = judge(staffel)
    assert set(recorded) <= {record_id(fact.source, fact.id) for fact in facts_of(staffel, ENGAGEMENT)}
    assert figures["moved"] > 0
    assert figures["handoffs"] > 0
    assert figures["steps"] > 0
    staffel.close()


def test_an_import_killed_after_any_number_of_writes_is_whole_once_it_is_given_again(tmp_path: Path) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown where the test fails
    stage, chance = Stage(databases.migrated("sqlite", tmp_path)), Random(SEED)
    file, ids = written(tmp_path, Random(SEED), 400)
    arguments = ["ingest", "cloudevents", str(file), "--json"]
    for _ in range(IMPORTS_KILLED):
        assert children.run(load.dying_command, stage, arguments, chance.randrange(40)).code == KILLED
    assert children.run(load.command, stage, arguments).told == [0]

    staffel = connect(stage.settings())
    assert judge(staffel)["handoffs"] > 0
    assert ids <= {record_id(fact.source, fact.id) for fact in facts_of(staffel, ENGAGEMENT)}
    staffel.close()


def written(folder: Path, chance: Random, batches: int) -> tuple[Path, set[str]]:
    """A file of facts, some thousands, and their record ids but for those of identifications, which become several."""
    world = load.World(chance, parse_time("2026-01-05T09:00:00.000Z"))
    facts = [fact for _ in range(batches) for fact in world.batch()]
    file = folder / "facts.jsonl"
    file.write_text("".join(map(world.line, facts)), encoding="utf-8")
    return file, {record_id(fact.source, fact.id) for fact in facts if fact.type != "contact.identified.v1"}
