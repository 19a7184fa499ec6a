"""Dumps a database for comparison with another, without what may differ: leases, and the batching of scores."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, inspect, text

from database.engine import open_database, read_only, sibling_url
from projections.read_models.tables import read_models
from projections.read_models.versions import version_of

Rows = list[tuple[Any, ...]]
_IGNORED_TABLES = {"leases", "log_scores", "alembic_version", "vault_secrets", "projections"}
"""Scores are compared by the read models: a killed unit is folded again, together with later facts."""
_IGNORED_COLUMNS = {
    "log_ends": "next_offset",  # of scores
    "checkpoints": "next_offset",
    "log_meta": "generation",
    "outbox": "n",
    "handoffs": "position",
}


def dump_database(url: str) -> dict[str, Rows]:
    """Table -> its sorted rows, with those of the vault beside the database; of the read models only the current
    version, under names without the version."""
    engine, vault = open_database(url), open_database(sibling_url(url, "vault.db"))
    try:
        with read_only(engine).connect() as connection:
            tables = dict(_tables(connection, version_of(connection)))
        with read_only(vault).connect() as connection:
            names = [name for name in inspect(connection).get_table_names() if name not in _IGNORED_TABLES]
            return tables | {name: _rows(connection, name, ()) for name in names}
    finally:
        engine.dispose()
        vault.dispose()


def _tables(connection: Connection, version: int) -> Iterator[tuple[str, Rows]]:
    current = {table.name for table in read_models(version).metadata.tables.values()}
    others = {table.name for table in read_models(1).metadata.tables.values()} - current
    for name in inspect(connection).get_table_names():
        plain, _, number = name.partition("_v")
        if name not in others | _IGNORED_TABLES and (not number or name in current):
            yield plain, _rows(connection, name, {_IGNORED_COLUMNS.get(plain), "version", "log"})


def _rows(connection: Connection, table: str, ignored: Collection[str | None]) -> Rows:
    found = connection.execute(text(f'SELECT * FROM "{table}"'))
    compared = [index for index, column in enumerate(found.keys()) if column not in ignored]
    return sorted((tuple(row[index] for index in compared) for row in found), key=repr)
