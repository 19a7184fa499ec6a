"""Fixtures of the tests about profiles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from intake.vault.tables import METADATA
from tests.intake.profiles.tables import MemoryProfiles, world_with_profiles
from tests.intake.recorder.fakes import RecorderWorld


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'staffel.db'}")
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def crm(engine: Engine) -> RecorderWorld:
    return world_with_profiles(engine)[0]


@pytest.fixture
def crm_with_profiles(engine: Engine) -> tuple[RecorderWorld, MemoryProfiles]:
    return world_with_profiles(engine)
