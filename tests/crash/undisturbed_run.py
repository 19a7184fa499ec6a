"""The scenario without kills: the points that each step passes, and the database before and after it."""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests import databases
from tests.crash import children
from tests.crash.case_runner import CrashDatabase, run_steps
from tests.crash.crash_cases import STEPS
from tests.crash.database_dump import Rows, dump_database
from tests.crash.kill_points import COMMITTED, COMMITTING, KillPoint
from tests.shutdown import SHUTDOWN

DATABASE, VAULT = "staffel.db", "vault.db"


@dataclass(frozen=True)
class UndisturbedStep:
    """`before` and `after`: folders with snapshots of database and vault."""

    points: list[KillPoint]
    before: Path
    after: Path

    def expected(self) -> dict[str, Rows]:
        return dump_database(f"sqlite:///{self.after / DATABASE}")


@cache
def undisturbed_steps() -> list[UndisturbedStep]:
    """All steps, one after the other, each in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="staffel-straight-"))
    SHUTDOWN.callback(shutil.rmtree, folder, ignore_errors=True)
    databases.migrated_database("sqlite", folder)
    snapshots = [copy_home(folder, folder / "start")]
    points = []
    for number in range(len(STEPS)):
        ended = children.run(run_steps, CrashDatabase(f"sqlite:///{folder / DATABASE}"), number, number, None)
        assert ended.code == 0, f"step {number} failed"
        points.append(ended.messages)
        snapshots.append(copy_home(folder, folder / str(number)))
    return [UndisturbedStep(passed, snapshots[n], snapshots[n + 1]) for n, passed in enumerate(points)]


def copy_home(source: Path, target: Path) -> Path:
    """Copy database and vault into a new folder."""
    target.mkdir()
    for file in (source / DATABASE, source / VAULT):
        if file.exists():
            shutil.copy(file, target)
    return target


def transactions(points: list[KillPoint]) -> list[list[str]]:
    """The tables that each durable transaction of a step wrote, in order."""
    found: dict[int, list[str]] = {}
    for point in points:
        found.setdefault(point.transaction, [])
        if point.what not in (COMMITTING, COMMITTED):
            found[point.transaction].append(point.what)
    return list(found.values())
