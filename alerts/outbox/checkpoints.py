"""How far the alerts have read `sqa-handoffs`: a checkpoint for each partition, moved by compare-and-set."""

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from database import insert_missing
from projections.read_models import checkpoints
from streams import LogRefused

ALERTS = "alerts"
"""The name of the checkpoints, and the role of the lease."""
_VERSION = 1


class AlertCheckpointConflict(Exception):
    """Another process moved the checkpoint. The transaction was rolled back; this process has to stop."""


class CheckpointMove(NamedTuple):
    """The compare-and-set of the checkpoint of one partition; `log`: the generation of the topic."""

    log: str
    partition: int
    old: int
    new: int


def read_positions(connection: Connection, log: str, partitions: int) -> dict[int, int]:
    """Partition -> next offset to read. Raises `LogRefused` if they belong to another generation."""
    columns = (checkpoints.c.partition, checkpoints.c.next_offset, checkpoints.c.log)
    rows = connection.execute(select(*columns).where(checkpoints.c.projection == ALERTS)).all()
    other_logs = {row.log for row in rows} - {log}
    if other_logs:
        raise LogRefused(
            f"sqa-handoffs ({log}) is not the topic that these alerts have read ({other_logs.pop()}): it was "
            "created again; set STAFFEL_LOG to the log of this database, or use a new database"
        )
    return dict.fromkeys(range(partitions), 0) | {row.partition: row.next_offset for row in rows}


def move_checkpoint(connection: Connection, move: CheckpointMove) -> None:
    """Raises `AlertCheckpointConflict`."""
    key = {"projection": ALERTS, "version": _VERSION, "partition": move.partition}
    insert_missing(connection, checkpoints, [{**key, "next_offset": 0, "engagement_next": 0, "log": move.log}])
    condition = [
        checkpoints.c[name] == value for name, value in {**key, "next_offset": move.old, "log": move.log}.items()
    ]
    if connection.execute(update(checkpoints).where(*condition).values(next_offset=move.new)).rowcount != 1:
        raise AlertCheckpointConflict(
            f"the checkpoint of the alerts has moved; expected {move.old} in partition {move.partition}"
        )
