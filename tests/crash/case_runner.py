"""The child process that runs steps of the scenario and kills itself at a given point. Forked from the fork server."""

import sqlite3
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import Engine, event, func, inspect, select

from database.engine import open_database, read_only, sibling_url
from intake.vault.tables import VAULT
from staffel.connect import create_home
from staffel.settings import Settings
from tests.crash.crash_cases import STEPS, ManualClock, RepeatableRandom
from tests.crash.kill_points import KillAt, KillPointListener

MODEL = Path(__file__).parent / "model.yaml"


@dataclass(frozen=True)
class CrashDatabase:
    """The database of a run: migrated or empty."""

    url: str
    partitions: int = 1

    def settings(self) -> Settings:
        return Settings(database=self.url, partitions=self.partitions, model=MODEL)

    def begin(self) -> "CrashDatabase":
        """Begin the log, as commands expect it."""
        create_home(self.settings()).close()
        return self


def run_steps(crash_db: CrashDatabase, first: int, last: int, kill_at: int | None, sender: Connection) -> None:
    """Run the steps `first` to `last`. Sends each kill point that is passed or, with `kill_at`, only that one."""
    event.listen(Engine, "connect", _disable_sync)
    random_bytes = RepeatableRandom(_person_count(sibling_url(crash_db.url, "vault.db")))
    KillPointListener(sender.send if kill_at is None else KillAt(kill_at, sender.send)).listen()
    clock = ManualClock(STEPS[first][0])
    staffel = create_home(crash_db.settings(), clock=clock, random_bytes=random_bytes)
    for clock.now, step in STEPS[first : last + 1]:
        step(staffel)
    staffel.close()


def _disable_sync(connection: object, _record: object) -> None:
    """Killing a process loses nothing that the operating system already has, so no fsync is needed."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def _person_count(url: str) -> int:
    """The number of persons in the vault."""
    engine = open_database(url)
    with read_only(engine).connect() as connection:
        exists = inspect(connection).has_table(VAULT.name)
        persons = connection.execute(select(func.count()).select_from(VAULT)).scalar_one() if exists else 0
    engine.dispose()
    return int(persons)
