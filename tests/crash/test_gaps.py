"""A process that dies in any gap between two durable writes, or within one, changes nothing of what becomes.

Every act is killed in every gap and given again; all tables are then what they are where nobody died.
"""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.crash import children
from tests.crash import undisturbed_run as straight
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
    "vault_secrets": "vault key",
    "vault": "persons",
    "vault_homes": "homes",
    "directory_domains": "claim",
    "outbox": "outbox marked",
    "timers": "timers marked",
    "accounts_v2": "read models rebuilt",
    "projections": "read models switched",
    "log_engagement": "facts",
    "log_scores": "compaction",
}
"""What a transaction is, by a table that it writes: the first that is named here."""

GAPS = {
    ("log made", "facts"),  # activation
    ("facts", "unit"),
    ("unit", "projection"),
    ("projection", "vault key"),
    ("vault key", "claim"),
    ("claim", "claim"),
    ("claim", "facts"),
    ("persons", "homes"),
    ("homes", "facts"),
    ("facts", "homes"),  # who arrived has left its home
    ("homes", "unit"),
    ("facts", "move marked"),
    ("move marked", "unit"),
    ("move marked", "lease"),
    ("projection", "lease"),
    ("lease", "handoff events"),
    ("handoff events", "outbox marked"),
    ("lease", "facts"),  # derived ones, by the relay
    ("facts", "outbox marked"),
    ("outbox marked", "unit"),
    ("outbox marked", "facts"),
    ("facts", "timers marked"),
    ("timers marked", "unit"),
    ("projection", "persons forgotten"),
    ("read models rebuilt", "read models rebuilt"),
    ("lease", "read models rebuilt"),
    ("read models rebuilt", "lease"),
    ("lease", "read models switched"),
    ("read models switched", "lease"),
}
"""Between which writes there is a gap in the play."""


def transaction_kind(tables: list[str]) -> str:
    if tables[0] == "vault_secrets" and len(tables) > 1:
        return "persons forgotten"
    if "accounts_v2" in tables:
        return "read models rebuilt"
    return next(name for table, name in TRANSACTION_KINDS.items() if table in tables)


def gaps(step: UndisturbedStep) -> list[tuple[str, str]]:
    return list(pairwise(transaction_kind(tables) for tables in straight.transactions(step.points)))


def kill_and_repeat(number: int, at: int, folder: Path) -> None:
    """Kill the act at its point number `at`, give it again, and compare all that stands there."""
    step = straight.undisturbed_steps()[number]
    folder.mkdir()
    shutil.copy(step.before, folder / straight.DATABASE)
    stage = CrashDatabase(f"sqlite:///{folder / straight.DATABASE}")
    killed = children.run(run_steps, stage, number, number, at)
    assert (killed.code, killed.messages) == (KILLED, [step.points[at]])
    assert children.run(run_steps, stage, number, number, None).code == 0
    assert dump_database(stage.url) == step.expected(), f"act {number}, killed at point {at}, {step.points[at]}"
    shutil.rmtree(folder)


def distinct_kill_points() -> Iterator[tuple[int, int, KillPoint]]:
    """Points within transactions, before a statement and before the commit, once for each kind of transaction."""
    known = set()
    for number, act in enumerate(straight.undisturbed_steps()):
        tables = straight.transactions(act.points)
        for at, point in enumerate(act.points):
            place = at - act.points.index(next(p for p in act.points if p.transaction == point.transaction))
            key = (tuple(tables[point.transaction]), place)
            if point.what != COMMITTED and key not in known:
                known.add(key)
                yield number, at, point


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_an_act_killed_in_each_of_its_gaps_ends_as_if_nobody_died(number: int, tmp_path: Path) -> None:
    committed = [at for at, point in enumerate(straight.undisturbed_steps()[number].points) if point.what == COMMITTED]
    for at in committed:
        kill_and_repeat(number, at, tmp_path / str(at))


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_an_act_killed_within_a_write_ends_as_if_nobody_died(number: int, tmp_path: Path) -> None:
    for act, at, _ in distinct_kill_points():
        if act == number:
            kill_and_repeat(number, at, tmp_path / str(at))


@pytest.mark.parametrize("share", range(4))
def test_a_first_start_killed_within_its_migration_begins_anew(share: int, tmp_path: Path) -> None:
    """One statement in eight of those that make the tables, its commit, and the gap after it."""
    points = open_empty_home(tmp_path / "whole").messages
    made = [at for at, point in enumerate(points) if point.transaction == 0]
    for at in [*made[: -len(LAST_POINTS) : 8], *made[-len(LAST_POINTS) :]][share::4]:
        died = open_empty_home(tmp_path / str(at), at)
        assert (died.code, died.messages) == (KILLED, [points[at]])
        assert open_empty_home(tmp_path / str(at)).code == 0
        assert dump_database(database(tmp_path / str(at))) == dump_database(database(tmp_path / "whole"))


LAST_POINTS = ("alembic_version", "committing", "committed")


def open_empty_home(folder: Path, kill_at: int | None = None) -> children.ChildResult:
    """A process that opens a home where nothing stands yet, and plays the first act."""
    folder.mkdir(exist_ok=True)
    return children.run(run_steps, CrashDatabase(database(folder)), 0, 0, kill_at)


def database(folder: Path) -> str:
    return f"sqlite:///{folder / straight.DATABASE}"


def test_the_acts_have_every_gap_there_is() -> None:
    acts = straight.undisturbed_steps()
    hit = [gap for act in acts for gap in gaps(act)]
    assert set(hit) == GAPS
    assert sum(point.what == COMMITTED for act in acts for point in act.points) >= 100
