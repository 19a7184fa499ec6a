"""Databases for tests: empty ones, and copies of one that is migrated once. Each test gets its own."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from database.engine import open_database
from database.migrate import migrate
from tests.requirements import postgres_url
from tests.shutdown import SHUTDOWN

KINDS = ("sqlite", "postgresql")


def empty_database(kind: str, folder: Path) -> str:
    """The address of a database without tables."""
    return postgres_url() if kind == "postgresql" else f"sqlite:///{folder / 'staffel.db'}"


def migrated_database(kind: str, folder: Path) -> str:
    """The address of a database with all tables, which are empty."""
    if kind == "postgresql":
        return postgres_url(template=str(make_url(_postgres_template()).database))
    shutil.copy(_sqlite_template(), folder / "staffel.db")
    return f"sqlite:///{folder / 'staffel.db'}"


@cache
def _postgres_template() -> str:
    return _migrate(postgres_url())


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="staffel-template-"))
    SHUTDOWN.callback(shutil.rmtree, folder, ignore_errors=True)
    _migrate(f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"


def _migrate(url: str) -> str:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return url
