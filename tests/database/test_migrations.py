"""The migrations make the tables that the code names."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table

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
