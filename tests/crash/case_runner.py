"""The process that plays the acts, and dies where it is told to. Started from a server that opened no database."""

import sqlite3
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import Engine, event, func, inspect, select

from database.engine import open_database, read_only
from intake.vault.tables import VAULT
from staffel.connect import connect
from staffel.settings import Settings
from tests.crash.crash_cases import STEPS, ManualClock, RepeatableRandom
from tests.crash.kill_points import KillAt, KillPointListener

MODEL = Path(__file__).parent / "model.yaml"


@dataclass(frozen=True)
class CrashDatabase:
    """Where it is played: a migrated or an empty database."""

    url: str
    partitions: int = 1

    def settings(self) -> Settings:
        return Settings(database=self.url, partitions=self.partitions, model=MODEL)


def run_steps(stage: CrashDatabase, first: int, last: int, kill_at: int | None, sender: Connection) -> None:
    """Play the acts from `first` to `last`; tells each point that is passed, or the one alone where it dies."""
    event.listen(Engine, "connect", _disable_sync)
    random_bytes = RepeatableRandom(_person_count(stage.url))
    KillPointListener(sender.send if kill_at is None else KillAt(kill_at, sender.send)).listen()
    clock = ManualClock(STEPS[first][0])
    staffel = connect(stage.settings(), clock=clock, random_bytes=random_bytes)
    for clock.now, act in STEPS[first : last + 1]:
        act(staffel)
    staffel.close()


def _disable_sync(connection: object, _record: object) -> None:
    """A killed process loses nothing that it gave to the operating system: the disk need not be waited for."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def _person_count(url: str) -> int:
    """How many persons stand in the vault."""
    engine = open_database(url)
    with read_only(engine).connect() as connection:
        there = inspect(connection).has_table(VAULT.name)
        drawn = connection.execute(select(func.count()).select_from(VAULT)).scalar_one() if there else 0
    engine.dispose()
    return int(drawn)
