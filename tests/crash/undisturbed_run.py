"""The play as it goes where nobody dies: which points each act passes, and what stands in the database before it."""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests import databases
from tests.crash import children
from tests.crash.case_runner import Stage, play
from tests.crash.crash_cases import ACTS
from tests.crash.database_dump import Rows, everything
from tests.crash.kill_points import COMMITTED, COMMITTING, Point
from tests.shutdown import ENDING

DATABASE = "staffel.db"


@dataclass(frozen=True)
class Straight:
    """`before` and `after`: databases as they stand between two acts."""

    points: list[Point]
    before: Path
    after: Path

    def expected(self) -> dict[str, Rows]:
        return everything(f"sqlite:///{self.after}")


@cache
def played() -> list[Straight]:
    """All acts, one after the other, each in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="staffel-straight-"))
    ENDING.callback(shutil.rmtree, folder, ignore_errors=True)
    databases.migrated("sqlite", folder)
    stands = [shutil.copy(folder / DATABASE, folder / "start.db")]
    points = []
    for number in range(len(ACTS)):
        ended = children.run(play, Stage(f"sqlite:///{folder / DATABASE}"), number, number, None)
        assert ended.code == 0, f"act {number} failed"
        points.append(ended.told)
        stands.append(shutil.copy(folder / DATABASE, folder / f"{number}.db"))
    return [Straight(passed, Path(stands[n]), Path(stands[n + 1])) for n, passed in enumerate(points)]


def transactions(points: list[Point]) -> list[list[str]]:
    """The tables that each durable transaction of an act wrote, in order."""
    found: dict[int, list[str]] = {}
    for point in points:
        found.setdefault(point.transaction, [])
        if point.what not in (COMMITTING, COMMITTED):
            found[point.transaction].append(point.what)
    return list(found.values())
