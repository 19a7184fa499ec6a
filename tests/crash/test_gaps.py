"""A process killed between any two durable writes, or within one, does not change the result.

Every step is killed in every gap and repeated; all tables are then the same as after an undisturbed run.
"""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.crash import children, undisturbed_run
from tests.crash.case_runner import CrashDatabase, run_steps
from tests.crash.crash_cases import STEPS
from tests.crash.database_dump import dump_database
from tests.crash.kill_points import COMMITTED, KillPoint
from tests.crash.undisturbed_run import UndisturbedStep

KILLED = -9
TRANSACTION_KINDS = {
    "log_meta": "log made",
    "log_positions": "unit",
    "checkpoints": "projection",
    "moves": "move marked",
    "leases": "lease",
    "log_sqa_handoffs": "handoff events",
    "log_suppressions": "suppression events",
    "vault_tombstones": "person marked",
    "vault_links": "vault bound",
    "vault_secrets": "vault key",
    "vault": "persons",
    "vault_homes": "anonymous accounts",
    "directory_domains": "claim",
    "outbox": "outbox marked",
    "timers": "timers marked",
    "accounts_v2": "read models rebuilt",
    "projections": "read models switched",
    "log_engagement": "facts",
    "log_scores": "compaction",
}
"""Table -> kind of transaction; the first table listed here that a transaction writes determines its kind."""

GAPS = {
    ("log made", "facts"),  # activation
    ("facts", "unit"),
    ("unit", "projection"),
    ("projection", "vault made"),
    ("vault made", "vault key"),
    ("vault key", "vault bound"),
    ("vault bound", "claim"),
    ("claim", "claim"),
    ("claim", "facts"),
    ("persons", "anonymous accounts"),
    ("anonymous accounts", "facts"),
    ("facts", "anonymous accounts"),  # released anonymous accounts are removed
    ("anonymous accounts", "unit"),
    ("facts", "move marked"),
    ("move marked", "unit"),
    ("move marked", "lease"),
    ("projection", "lease"),
    ("lease", "handoff events"),
    ("handoff events", "outbox marked"),
    ("handoff events", "suppression events"),
    ("lease", "suppression events"),
    ("suppression events", "outbox marked"),
    ("lease", "facts"),  # derived facts, by the relay
    ("facts", "outbox marked"),
    ("outbox marked", "unit"),
    ("outbox marked", "facts"),
    ("facts", "timers marked"),
    ("timers marked", "unit"),
    ("person marked", "facts"),
    ("outbox marked", "persons erased"),
    ("read models rebuilt", "read models rebuilt"),
    ("lease", "read models rebuilt"),
    ("read models rebuilt", "lease"),
    ("lease", "read models switched"),
    ("read models switched", "lease"),
}
"""The gaps of the scenario: kinds of transactions that follow each other."""


def transaction_kind(tables: list[str]) -> str:
    if "alembic_version" in tables:
        return "vault made"
    if tables[0] == "vault_secrets" and len(tables) > 1:
        return "persons erased"
    if "accounts_v2" in tables:
        return "read models rebuilt"
    return next(name for table, name in TRANSACTION_KINDS.items() if table in tables)


def gaps(step: UndisturbedStep) -> list[tuple[str, str]]:
    return list(pairwise(transaction_kind(tables) for tables in undisturbed_run.transactions(step.points)))


def kill_and_repeat(number: int, at: int, folder: Path) -> None:
    """Kill the step at its point number `at`, repeat it, and compare all tables."""
    step = undisturbed_run.undisturbed_steps()[number]
    undisturbed_run.copy_home(step.before, folder)
    crash_db = CrashDatabase(f"sqlite:///{folder / undisturbed_run.DATABASE}")
    killed = children.run(run_steps, crash_db, number, number, at)
    assert (killed.code, killed.messages) == (KILLED, [step.points[at]])
    assert children.run(run_steps, crash_db, number, number, None).code == 0
    assert dump_database(crash_db.url) == step.expected(), f"step {number}, killed at point {at}, {step.points[at]}"
    shutil.rmtree(folder)


def distinct_kill_points() -> Iterator[tuple[int, int, KillPoint]]:
    """Points within transactions (before a statement or the commit), once for each kind of transaction."""
    known = set()
    for number, step in enumerate(undisturbed_run.undisturbed_steps()):
        tables = undisturbed_run.transactions(step.points)
        for at, point in enumerate(step.points):
            position = at - step.points.index(next(p for p in step.points if p.transaction == point.transaction))
            key = (tuple(tables[point.transaction]), position)
            if point.what != COMMITTED and key not in known:
                known.add(key)
                yield number, at, point


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_step_killed_in_any_of_its_gaps_ends_as_undisturbed(number: int, tmp_path: Path) -> None:
    committed = [
        at for at, point in enumerate(undisturbed_run.undisturbed_steps()[number].points) if point.what == COMMITTED
    ]
    for at in committed:
        kill_and_repeat(number, at, tmp_path / str(at))


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_step_killed_within_a_write_ends_as_undisturbed(number: int, tmp_path: Path) -> None:
    for step, at, _ in distinct_kill_points():
        if step == number:
            kill_and_repeat(number, at, tmp_path / str(at))


@pytest.mark.parametrize("share", range(4))
def test_a_first_start_killed_within_its_migration_starts_over(share: int, tmp_path: Path) -> None:
    """Killed at every eighth statement of the migration, at its commit, and in the gap after it."""
    points = open_empty_home(tmp_path / "whole").messages
    made = [at for at, point in enumerate(points) if point.transaction == 0]
    for at in [*made[: -len(LAST_POINTS) : 8], *made[-len(LAST_POINTS) :]][share::4]:
        died = open_empty_home(tmp_path / str(at), at)
        assert (died.code, died.messages) == (KILLED, [points[at]])
        assert open_empty_home(tmp_path / str(at)).code == 0
        assert dump_database(database(tmp_path / str(at))) == dump_database(database(tmp_path / "whole"))


LAST_POINTS = ("alembic_version", "committing", "committed")


def open_empty_home(folder: Path, kill_at: int | None = None) -> children.ChildResult:
    """A process that opens an empty home and runs the first step."""
    folder.mkdir(exist_ok=True)
    return children.run(run_steps, CrashDatabase(database(folder)), 0, 0, kill_at)


def database(folder: Path) -> str:
    return f"sqlite:///{folder / undisturbed_run.DATABASE}"


def test_the_scenario_has_every_gap() -> None:
    steps = undisturbed_run.undisturbed_steps()
    passed = [gap for step in steps for gap in gaps(step)]
    assert set(passed) == GAPS
    assert sum(point.what == COMMITTED for step in steps for point in step.points) >= 100
