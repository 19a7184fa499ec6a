"""Rebuilding the read models beside the ones in use, from a replay of `engagement`. Never fills an outbox.

The new version takes over the checkpoint of the old one before the replay begins. So whatever the projector has not
read yet is read again by the new version, work and all; what the replay knew already changes nothing there.
"""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Engine, insert, inspect, literal, select

from projections import versions
from projections.projector import BATCH, Projector
from projections.tables import ReadModels, read_models
from projections.updates import Replay, batches
from projections.work_tables import checkpoints
from projections.writing import write_read_models
from streams.log import Log


def rebuild(engine: Engine, log: Log, replay: Replay, name: str = versions.MAIN) -> int:
    """Build a new version, catch up with `scores`, switch the pointer; answers the version now asked.

    A rebuild that was interrupted leaves the old version in use; the next one clears what it left.
    """
    version = _prepare(engine, name)
    for partition in range(log.partitions("engagement")):
        _replay(engine, read_models(version), partition, replay)
    _catch_up(Projector.beside(engine, log, name, version, replay))
    _switch(engine, name, version)
    return version


def _prepare(engine: Engine, name: str) -> int:
    with engine.begin() as connection:
        old = versions.version_of(connection, name)
        _clear_all_but(connection, name, old)
        new = old + 1
        read_models(new).metadata.create_all(connection)
        _copy_checkpoints(connection, name, old, new)
        return new


def _copy_checkpoints(connection: Connection, name: str, old: int, new: int) -> None:
    c = checkpoints.c
    stand = select(c.projection, literal(new), c.partition, c.next_offset, c.engagement_next, c.log)
    ours = stand.where(c.projection == name, c.version == old)
    columns = [c.projection, c.version, c.partition, c.next_offset, c.engagement_next, c.log]
    connection.execute(insert(checkpoints).from_select([column.name for column in columns], ours))


def _replay(engine: Engine, models: ReadModels, partition: int, replay: Replay) -> None:
    for batch in batches(partition, replay(partition), BATCH):
        with engine.begin() as connection:
            write_read_models(connection, models, batch)


def _catch_up(projector: Projector) -> None:
    while projector.advance():
        continue


def _switch(engine: Engine, name: str, version: int) -> None:
    """The old tables stay until the next rebuild, for whoever is reading them."""
    with engine.begin() as connection:
        versions.point_to(connection, name, version)


def _clear_all_but(connection: Connection, name: str, version: int) -> None:
    for other in sorted(_versions_there(connection) - {version}):
        _clear(connection, read_models(other), drop=other != 1)
    connection.execute(checkpoints.delete().where(checkpoints.c.projection == name, checkpoints.c.version != version))


def _versions_there(connection: Connection) -> set[int]:
    """The tables of version 1 belong to the migrations: they are emptied, never dropped."""
    tables = inspect(connection).get_table_names()
    return {1} | set(_numbers(tables))


def _numbers(tables: Iterable[str]) -> Iterator[int]:
    for table in tables:
        if found := re.fullmatch(r"accounts_v(\d+)", table):
            yield int(found[1])


def _clear(connection: Connection, models: ReadModels, *, drop: bool) -> None:
    if drop:
        models.metadata.drop_all(connection)
        return
    for table in models.metadata.sorted_tables:
        connection.execute(table.delete())
