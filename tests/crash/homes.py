"""A home (STAFFEL_HOME) for each test, connected, with the model of the scenario."""

from pathlib import Path

from staffel.application import Application
from staffel.connect import create_home
from staffel.settings import Settings
from tests import databases
from tests.crash.case_runner import MODEL

LOCK_TIMEOUT_S = 0.2


def settings(url: str, partitions: int = 1) -> Settings:
    return Settings(database=url, partitions=partitions, model=MODEL, wait=60)


def migrated_home(folder: Path, kind: str = "sqlite", partitions: int = 1) -> Settings:
    """Settings of a new home with a migrated database."""
    return settings(databases.migrated_database(kind, folder), partitions)


def connected_home(folder: Path, kind: str = "sqlite", partitions: int = 1) -> Application:
    return create_home(migrated_home(folder, kind, partitions))
