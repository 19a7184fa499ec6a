"""The migrations make the tables that the code names."""

from importlib import import_module
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect

import alerts.outbox.tables
import intake.recorder.inbox_rows
import intake.recorder.profiles.told_profiles
import projections.aliases
import projections.directory
import projections.work.tables
import staffel.migration.log_copy
from database.columns import metadata
from database.leases import leases
from projections.read_models.tables import read_models
from projections.read_models.versions import checkpoints

# Each module adds its tables to `metadata` when it is imported.
OWNERS = (
    alerts.outbox.tables,
    intake.recorder.inbox_rows,
    intake.recorder.profiles.told_profiles,
    projections.aliases,
    projections.directory,
    projections.work.tables,
    staffel.migration.log_copy,
)


def test_every_owner_has_added_its_tables() -> None:
    owned = {table.name for module in OWNERS for table in vars(module).values() if isinstance(table, Table)}
    assert owned | {leases.name, checkpoints.name} <= metadata.tables.keys()


def test_migrated_tables_are_those_of_the_code(database: Engine) -> None:
    assert _differences(database, read_models().metadata) == []
    assert _differences(database, metadata) == []


def _differences(database: Engine, metadata: MetaData) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
        return kind == "schema" or (name if kind == "table" else parents.get("table_name")) in metadata.tables

    options = {"include_name": is_ours, "compare_type": True}
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return [found for found in compare_metadata(context, metadata) if "by_score" not in str(found)]


def test_tables_of_an_earlier_rebuild_get_the_columns_of_handoffs_too(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    names = [f"{name}{suffix}" for suffix in ("", "_v2") for name in ("handoffs", "handoff_steps")]
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for name in names:
            connection.exec_driver_sql(f"CREATE TABLE {name} (handoff TEXT)")
        import_module("database.migrations.versions.0008_handoffs").upgrade()

    found = inspect(engine)
    assert {"note" in {column["name"] for column in found.get_columns(name)} for name in names} == {True}
    assert {"handoff_assignments", "handoff_assignments_v2"} <= set(found.get_table_names())
