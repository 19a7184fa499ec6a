"""Databases for tests: empty ones, and copies of one that is migrated once. Each test gets its own."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Column, Engine, MetaData, Table, Text, insert, make_url

from database.engine import create_schema, open_database, sibling_url
from database.migrate import VAULT_HISTORY, migrate, newest_revision
from intake.vault.location import SCHEMA
from intake.vault.tables import METADATA
from staffel.connect import create_home
from staffel.settings import Settings
from tests.requirements import postgres_url
from tests.shutdown import SHUTDOWN

MODELS = Path(__file__).parent.parent / "scoring" / "models"
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


def home_with_log(folder: Path, model: Path | None = None) -> Path:
    """A home in this folder whose log has begun, and is empty: as `staffel init` leaves it, but for `.env`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if model is None:
        shutil.copy(_home_template() / "staffel.db", folder)
    else:
        migrated_database("sqlite", folder)
        create_home(Settings(_env_file=None, home=folder, model=model)).close()
    return folder


def vault_beside(database: Engine) -> Engine:
    """The empty vault of a database: a file beside it, on PostgreSQL a schema in it."""
    vault = existing_vault_beside(database)
    create_schema(vault)
    with vault.begin() as connection:
        METADATA.create_all(connection)
        version = Table("alembic_version", MetaData(), Column("version_num", Text))
        version.create(connection)
        connection.execute(insert(version).values(version_num=newest_revision(VAULT_HISTORY)))
    return vault


def existing_vault_beside(database: Engine) -> Engine:
    """The vault that `vault_beside` made."""
    return open_database(sibling_url(database.url.render_as_string(hide_password=False), "vault.db"), SCHEMA)


@cache
def _postgres_template() -> str:
    return _migrate(postgres_url())


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="staffel-template-"))
    SHUTDOWN.callback(shutil.rmtree, folder, ignore_errors=True)
    _migrate(f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"


@cache
def _home_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="staffel-home-"))
    SHUTDOWN.callback(shutil.rmtree, folder, ignore_errors=True)
    return home_with_log(folder, MODELS / "default.yaml")


def _migrate(url: str) -> str:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return url
