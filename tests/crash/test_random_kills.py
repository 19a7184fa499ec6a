"""A host killed at random moments under load loses nothing, duplicates nothing, and computes the same as a fold.

`STAFFEL_CRASH_SEED` determines what is recorded, and how long each process lives.
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
from staffel.connect import create_home
from tests import databases
from tests.crash import children, load
from tests.crash.case_runner import CrashDatabase
from tests.crash.children import Child
from tests.crash.consistency import check_consistency, facts_of

SEED = int(os.environ.get("STAFFEL_CRASH_SEED", "1"))
KILLED = -9
POLL_S = 0.004
TIMEOUT_S = 60
IMPORT_KILLS = 15


Progress = Callable[[Application], int]


def scored_records(staffel: Application) -> int:
    """The number of records that the scorers have processed."""
    return sum(staffel.log.position(each) for each in range(staffel.log.partitions(ENGAGEMENT)))


def projected_records(staffel: Application) -> int:
    """The number of records that are visible in the read models."""
    return sum(projected_offsets(staffel.engine, staffel.log).values())


def published_events(staffel: Application) -> int:
    """The number of published handoff events."""
    return sum(staffel.log.end(SQA_HANDOFFS, each) for each in range(staffel.log.partitions(SQA_HANDOFFS)))


def await_progress(staffel: Application, host: Child, progress: Progress) -> None:
    """Wait until `progress` grows."""
    before, never = progress(staffel), Event()
    for _ in range(int(TIMEOUT_S / POLL_S)):
        if progress(staffel) > before:
            return
        assert host.process.exitcode is None, f"the host ended by itself: {host.wait()}"
        never.wait(POLL_S)
    raise AssertionError("the host makes no progress")


def kill_hosts(crash_db: CrashDatabase, staffel: Application, times: int, random: Random) -> None:
    """Start `staffel up` this many times, and kill each a moment after it has made progress."""
    for n in range(times):
        host = children.start(load.run_command, crash_db, ["up"])
        await_progress(
            staffel,
            host,
            (
                scored_records,
                projected_records,
                projected_records,
                published_events if n > times // 2 else projected_records,
            )[n % 4],
        )
        if n % 10 == 9:  # a reader beside a working host sees consistent data at any time
            assert verify(staffel.log, staffel.engine).mismatches == []
        Event().wait(random.random() ** 2 * 0.2)
        host.kill()
        assert host.process.exitcode == KILLED


def record_while_killing_hosts(crash_db: CrashDatabase, times: int) -> tuple[Application, list[str]]:
    """The drained database afterwards, and the ids of recorded facts."""
    staffel = create_home(crash_db.settings())
    stop = children.fork_server().Event()
    recording = children.start(load.record_until_stopped, crash_db, SEED, stop)
    try:
        kill_hosts(crash_db, staffel, times, Random(SEED))
    finally:
        stop.set()
    ended = recording.wait()
    assert ended.code == 0
    staffel.wait_until_visible()
    return staffel, ended.messages[0]


@pytest.mark.parametrize(("kind", "partitions", "times"), [("sqlite", 1, 50), ("postgresql", 4, 12)])
def test_a_host_killed_at_random_moments_leaves_what_an_uninterrupted_fold_computes(
    kind: str, partitions: int, times: int, tmp_path: Path
) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown if the test fails
    crash_db = CrashDatabase(databases.migrated_database(kind, tmp_path), partitions)
    staffel, recorded = record_while_killing_hosts(crash_db, times)
    figures = check_consistency(staffel)
    assert set(recorded) <= {record_id(fact.source, fact.id) for fact in facts_of(staffel, ENGAGEMENT)}
    assert figures["moved"] > 0
    assert figures["handoffs"] > 0
    assert figures["steps"] > 0
    staffel.close()


def test_an_import_killed_after_any_number_of_writes_is_complete_when_repeated(tmp_path: Path) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown if the test fails
    crash_db, chance = CrashDatabase(databases.migrated_database("sqlite", tmp_path)).begin(), Random(SEED)
    file, ids = write_facts(tmp_path, Random(SEED), 400)
    arguments = ["ingest", "cloudevents", str(file), "--json"]
    for _ in range(IMPORT_KILLS):
        assert children.run(load.run_killed_command, crash_db, arguments, chance.randrange(40)).code == KILLED
    assert children.run(load.run_command, crash_db, arguments).messages == [0]

    staffel = create_home(crash_db.settings())
    assert check_consistency(staffel)["handoffs"] > 0
    assert ids <= {record_id(fact.source, fact.id) for fact in facts_of(staffel, ENGAGEMENT)}
    staffel.close()


def write_facts(folder: Path, random: Random, batches: int) -> tuple[Path, set[str]]:
    """A file of some thousand facts, and their record ids, without identifications (they become several records)."""
    workload = load.Workload(random, parse_time("2026-01-05T09:00:00.000Z"))
    facts = [fact for _ in range(batches) for fact in workload.batch()]
    file = folder / "facts.jsonl"
    file.write_text("".join(map(workload.line, facts)), encoding="utf-8")
    return file, {record_id(fact.source, fact.id) for fact in facts if fact.type != "contact.identified.v1"}
