"""Every test of the projections runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from tests import databases
from tests.projections.world import World


@pytest.fixture
def world(database: Engine) -> World:
    return World(database)


@pytest.fixture
def straight(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A world of its own beside the other, where nothing goes wrong."""
    (tmp_path / "straight").mkdir()
    engine = open_database(databases.migrated_database(database_kind, tmp_path / "straight"))
    yield World(engine)
    engine.dispose()
