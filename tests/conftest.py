"""Fixtures for all tests."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from database.engine import open_database
from tests import databases
from tests.shutdown import SHUTDOWN

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() != "ci":  # which is untimed, too, and tries the same examples every time
    settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: commands would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish() -> None:
    SHUTDOWN.close()


@pytest.fixture(params=databases.KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite`, then `postgresql`."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> str:
    """The address of an empty database of its own, on SQLite and on PostgreSQL."""
    return databases.empty_database(database_kind, tmp_path)


@pytest.fixture
def database(database_kind: str, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of its own, on SQLite and on PostgreSQL."""
    engine = open_database(databases.migrated_database(database_kind, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def vault_database(database: Engine) -> Iterator[Engine]:
    """The vault of `database`, without persons."""
    engine = databases.vault_beside(database)
    yield engine
    engine.dispose()
