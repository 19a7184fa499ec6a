"""Which version of the read models is asked, and how far each has read. Never reads the log."""

from sqlalchemy import Connection, select, update

from projections.statements import add_missing, put
from projections.tables import ReadModels, read_models
from projections.work_tables import checkpoints, projections

MAIN = "main"


class AnotherProjector(Exception):
    """The checkpoint was moved by someone else: another projector is alive; nothing was written, stop."""


class Switched(Exception):
    """The read models were switched to another version meanwhile; nothing was written, begin again."""


def version_of(connection: Connection, name: str = MAIN, *, hold: bool = False) -> int:
    """`hold` keeps the pointer where it is until the transaction ends."""
    statement = select(projections.c.version).where(projections.c.projection == name)
    found = connection.execute(statement.with_for_update(read=True) if hold else statement).scalar()
    return found or 1


def current(connection: Connection, name: str = MAIN) -> ReadModels:
    return read_models(version_of(connection, name))


def point_to(connection: Connection, name: str, version: int) -> None:
    put(connection, projections, [{"projection": name, "version": version}])


def next_offset(connection: Connection, name: str, version: int, partition: int) -> int:
    found = connection.execute(
        select(checkpoints.c.next_offset).where(
            checkpoints.c.projection == name, checkpoints.c.version == version, checkpoints.c.partition == partition
        )
    ).scalar()
    return found or 0


def start(connection: Connection, name: str, version: int, partitions: int) -> None:
    """Lay down checkpoints at the beginning, where there are none, and the pointer."""
    key = {"projection": name, "version": version, "next_offset": 0, "engagement_next": 0}
    add_missing(connection, projections, [{"projection": name, "version": version}])
    add_missing(connection, checkpoints, [{**key, "partition": partition} for partition in range(partitions)])


def advance_checkpoint(
    connection: Connection, name: str, version: int, partition: int, *, old: int, new: int, engagement: int | None
) -> None:
    """Compare and set. Raises `AnotherProjector` where the checkpoint is not `old`."""
    values = {"next_offset": new} if engagement is None else {"next_offset": new, "engagement_next": engagement}
    moved = connection.execute(
        update(checkpoints)
        .where(
            checkpoints.c.projection == name,
            checkpoints.c.version == version,
            checkpoints.c.partition == partition,
            checkpoints.c.next_offset == old,
        )
        .values(values)
    )
    if moved.rowcount != 1:
        raise AnotherProjector(f"the checkpoint of {name}, partition {partition}, is not {old}")
