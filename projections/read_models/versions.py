"""The version of the read models that is in use, and the checkpoints of each version."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, bindparam, select, update
from sqlalchemy.sql.elements import ColumnElement

from database import insert_missing, metadata, upsert
from projections.read_models.tables import ReadModels, read_models

projections = Table(
    "projections",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""The pointer: which version of the read models is in use."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("engagement_next", BigInteger, nullable=False),
    Column("log", Text),
)
"""`next_offset`: of `scores`, to read next; `engagement_next`: up to which offset of `engagement` the projection goes;
`log`: the generation of the topic that the offsets belong to."""


MAIN = "main"


class CheckpointConflict(Exception):
    """Another projector moved the checkpoint. The transaction was rolled back; this projector has to stop."""


class Checkpoint(NamedTuple):
    """As the row of `checkpoints`; `log` is None if the generation was not stored yet."""

    next_offset: int = 0
    engagement_next: int = 0
    log: str | None = None


class VersionSwitched(Exception):
    """A rebuild switched to another version. The transaction was rolled back; read the checkpoints again."""


def version_of(connection: Connection, name: str = MAIN, *, lock: bool = False) -> int:
    """The version in use; `lock` keeps other transactions from switching it until this one ends."""
    statement = select(projections.c.version).where(projections.c.projection == name)
    found = connection.execute(statement.with_for_update(read=True) if lock else statement).scalar()
    return found or 1


def current_models(connection: Connection, name: str = MAIN) -> ReadModels:
    return read_models(version_of(connection, name))


def switch_version(connection: Connection, name: str, version: int) -> None:
    upsert(connection, projections, [{"projection": name, "version": version}])


def read_checkpoints(connection: Connection, name: str, version: int) -> dict[int, Checkpoint]:
    """Partition -> its checkpoint, if it has one."""
    c = checkpoints.c
    statement = select(c.partition, c.next_offset, c.engagement_next, c.log).where(c.projection == name)
    return {row[0]: Checkpoint(*row[1:]) for row in connection.execute(statement.where(c.version == version))}


def next_offset(connection: Connection, name: str, version: int, partition: int) -> int:
    return read_checkpoints(connection, name, version).get(partition, Checkpoint()).next_offset


def insert_initial_checkpoints(connection: Connection, name: str, version: int, partitions: int) -> None:
    """Insert the pointer and checkpoints at offset 0, if there are none."""
    key = {"projection": name, "version": version, "next_offset": 0, "engagement_next": 0}
    insert_missing(connection, projections, [{"projection": name, "version": version}])
    insert_missing(connection, checkpoints, [{**key, "partition": partition} for partition in range(partitions)])


CheckpointMoves = Mapping[int, tuple[Checkpoint, Checkpoint]]
"""Partition -> the expected checkpoint and the new one."""


def move_checkpoints(connection: Connection, name: str, version: int, moves: CheckpointMoves) -> None:
    """Compare and set; equal checkpoints are compared and locked as well.

    Raises `CheckpointConflict` if one is not the expected one. The rows stay locked until the transaction ends.
    """
    values: dict[str, object] = {field: bindparam(f"new_{field}") for field in Checkpoint._fields}
    statement = update(checkpoints).where(*_where_unmoved(name, version)).values(values)
    result = connection.execute(
        statement, [_move_parameters(partition, *moves[partition]) for partition in sorted(moves)]
    )
    if result.rowcount != len(moves):
        places = ", ".join(f"{old.next_offset} in partition {each}" for each, (old, _) in sorted(moves.items()))
        raise CheckpointConflict(f"a checkpoint of {name} has moved; expected {places}")


def _where_unmoved(name: str, version: int) -> tuple[ColumnElement[bool], ...]:
    c = checkpoints.c
    here = (c.partition == bindparam("here"), c.next_offset == bindparam("was"))
    return c.projection == name, c.version == version, *here


def _move_parameters(partition: int, old: Checkpoint, new: Checkpoint) -> dict[str, object]:
    values = {f"new_{field}": value for field, value in new._asdict().items()}
    return {"here": partition, "was": old.next_offset, **values}
