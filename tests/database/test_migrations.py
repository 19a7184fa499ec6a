"""The migrations make the tables that the code names."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData

from projections.read_models.tables import read_models
from projections.work import tables as work_tables


def test_migrated_tables_are_those_of_the_code(database: Engine) -> None:
    assert _differences(database, read_models().metadata) == []
    assert _differences(database, work_tables.metadata) == []


def _differences(database: Engine, metadata: MetaData) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
        return kind == "schema" or (name if kind == "table" else parents.get("table_name")) in metadata.tables

    options = {"include_name": is_ours, "compare_type": True}
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return [found for found in compare_metadata(context, metadata) if "by_score" not in str(found)]
