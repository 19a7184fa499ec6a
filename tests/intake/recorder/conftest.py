"""Fixtures of the recorder tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from intake.vault.tables import METADATA
from tests.intake.recorder.fakes import RecorderWorld


@pytest.fixture(scope="module")
def vault_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('vault') / 'staffel.db'}")
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[RecorderWorld]:
    engine = open_database(f"sqlite:///{tmp_path / 'staffel.db'}")
    METADATA.create_all(engine)
    yield RecorderWorld(engine)
    engine.dispose()
