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
from tests.crash.crash_cases import ACTS, Chance, Clock
from tests.crash.kill_points import KillAt, Points

MODEL = Path(__file__).parent / "model.yaml"


@dataclass(frozen=True)
class Stage:
    """Where it is played: a migrated or an empty database."""

    url: str
    partitions: int = 1

    def settings(self) -> Settings:
        return Settings(database=self.url, partitions=self.partitions, model=MODEL)


def play(stage: Stage, first: int, last: int, kill_at: int | None, tell: Connection) -> None:
    """Play the acts from `first` to `last`; tells each point that is passed, or the one alone where it dies."""
    event.listen(Engine, "connect", _hurry)
    chance = Chance(_drawn(stage.url))
    Points(tell.send if kill_at is None else KillAt(kill_at, tell.send)).listen()
    clock = Clock(ACTS[first][0])
    staffel = connect(stage.settings(), clock=clock, random_bytes=chance)
    for clock.now, act in ACTS[first : last + 1]:
        act(staffel)
    staffel.close()


def _hurry(connection: object, _record: object) -> None:
    """A killed process loses nothing that it gave to the operating system: the disk need not be waited for."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def _drawn(url: str) -> int:
    """How many persons stand in the vault."""
    engine = open_database(url)
    with read_only(engine).connect() as connection:
        there = inspect(connection).has_table(VAULT.name)
        drawn = connection.execute(select(func.count()).select_from(VAULT)).scalar_one() if there else 0
    engine.dispose()
    return int(drawn)
