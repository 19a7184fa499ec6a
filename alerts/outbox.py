"""The outbox of the alerts: its rows, their delivery states, and the checkpoints of the subscription."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    or_,
    select,
    update,
)

from alerts.channel import LONGEST_WAIT_MS
from database import Serial, insert_missing, metadata, read_only, rows_by_key, timestamp_ms
from projections import directory_accounts
from projections.read_models import checkpoints, current_models, proposal_data
from streams import LogRefused

alerts = Table(
    "alerts",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    timestamp_ms("at", nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    timestamp_ms("next_try_at", nullable=False),
    timestamp_ms("told_at"),
    Column("why", Text),
    UniqueConstraint("id", "channel", name="alerts_once"),
    Index("alerts_waiting", "status", "next_try_at"),
    Index("alerts_by_account", "account", "kind", "channel"),
)
"""One row per alert and channel, with the state of its delivery."""


ALERTS = "alerts"
"""The name of the checkpoints, and the role of the lease."""
_VERSION = 1

WAITING, DELIVERED, FAILED, HELD, HISTORY = "waiting", "delivered", "failed", "held", "history"
STATUSES = (WAITING, DELIVERED, FAILED, HELD, HISTORY)
_COOL_DOWN_STATUSES = (WAITING, DELIVERED)
"""What the cool-down counts: alerts that were sent, or will be."""


class AlertCheckpointConflict(Exception):
    """Another process moved the checkpoint. The transaction was rolled back; this process has to stop."""


class NewAlert(NamedTuple):
    """A row to add; `at`: the time of the event; times in milliseconds since 1970."""

    id: str
    channel: str
    kind: str
    account: str
    event: bytes
    at: int
    status: str
    next_try_at: int
    why: str | None = None


class DueAlert(NamedTuple):
    """An alert to send now. `attempts`: the number of attempts so far."""

    n: int
    id: str
    kind: str
    event: bytes
    at: int
    attempts: int


class SentAlert(NamedTuple):
    """An alert that was sent, or will be."""

    id: str
    channel: str
    kind: str
    account: str
    at: int


class DeliveryState(NamedTuple):
    """The state of an alert after `attempts` attempts."""

    status: str
    attempts: int
    next_try_at: int
    told_at: int | None = None
    why: str | None = None


class CheckpointMove(NamedTuple):
    """The compare-and-set of the checkpoint of one partition; `log`: the generation of the topic."""

    log: str
    partition: int
    old: int
    new: int


class AlertOutbox:
    """Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._read_only = engine, read_only(engine)

    def positions(self, log: str, partitions: int) -> dict[int, int]:
        """Partition -> next offset to read. Raises `LogRefused` if they belong to another generation."""
        columns = (checkpoints.c.partition, checkpoints.c.next_offset, checkpoints.c.log)
        with self._read_only.connect() as connection:
            rows = connection.execute(select(*columns).where(checkpoints.c.projection == ALERTS)).all()
        other_logs = {row.log for row in rows} - {log}
        if other_logs:
            raise LogRefused(
                f"sqa-handoffs ({log}) is not the topic that these alerts have read ({other_logs.pop()}): it was "
                "created again; set STAFFEL_LOG to the log of this database, or use a new database"
            )
        return dict.fromkeys(range(partitions), 0) | {row.partition: row.next_offset for row in rows}

    def add(self, move: CheckpointMove, new: Sequence[NewAlert]) -> None:
        """Add rows and move the checkpoint in one transaction; existing rows stay. Raises `AlertCheckpointConflict`."""
        with self._engine.begin() as connection:
            _move_checkpoint(connection, move)
            insert_missing(connection, alerts, [{**each._asdict(), "attempts": 0, "told_at": None} for each in new])

    def sent_alerts(self, accounts: Iterable[str], since: int) -> list[SentAlert]:
        """Alerts that count for the cool-down, of these accounts, for events since `since`."""
        columns = (alerts.c.id, alerts.c.channel, alerts.c.kind, alerts.c.account, alerts.c.at)
        statement = select(*columns).where(alerts.c.status.in_(_COOL_DOWN_STATUSES), alerts.c.at >= since)
        with self._read_only.connect() as connection:
            return [SentAlert(*row) for row in rows_by_key(connection, statement, alerts.c.account, accounts)]

    def due_alerts(self, channel: str, now: int, limit: int) -> list[DueAlert]:
        """The due alerts of a channel, in the order of the outbox.

        One that was not tried yet is due at once. One whose next attempt is further away than any retry waits was
        stored before the clock went back, and is due, too.
        """
        columns = (alerts.c.n, alerts.c.id, alerts.c.kind, alerts.c.event, alerts.c.at, alerts.c.attempts)
        is_due = or_(alerts.c.attempts == 0, alerts.c.next_try_at <= now, alerts.c.next_try_at > now + LONGEST_WAIT_MS)
        due = _where_waiting(select(*columns), channel).where(is_due)
        with self._read_only.connect() as connection:
            return [DueAlert(*row) for row in connection.execute(due.order_by(alerts.c.n).limit(limit))]

    def next_try_at(self, channel: str) -> int | None:
        """When the next alert of a channel is due; None if none waits."""
        with self._read_only.connect() as connection:
            return connection.execute(_where_waiting(select(func.min(alerts.c.next_try_at)), channel)).scalar()

    def update_state(self, alert: DueAlert, state: DeliveryState) -> bool:
        """Store the state; False if another process changed it since."""
        condition = (alerts.c.n == alert.n, alerts.c.status == WAITING, alerts.c.attempts == alert.attempts)
        statement = update(alerts).where(*condition).values(**state._asdict())
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def fail_other_channels(self, channels: Sequence[str], why: str) -> int:
        """Fail the waiting alerts of all other channels; returns their number."""
        stale = update(alerts).where(alerts.c.status == WAITING, alerts.c.channel.not_in(channels))
        with self._engine.begin() as connection:
            return connection.execute(stale.values(status=FAILED, why=why)).rowcount

    def newest(self, limit: int, status: str | None = None, channel: str | None = None) -> Sequence[Any]:
        """Rows, newest first."""
        statement = select(alerts).order_by(alerts.c.n.desc()).limit(limit)
        statement = statement if status is None else statement.where(alerts.c.status == status)
        with self._read_only.connect() as connection:
            return connection.execute(
                statement if channel is None else statement.where(alerts.c.channel == channel)
            ).all()

    def counts_by_status(self) -> dict[str, int]:
        """Status -> number of alerts."""
        statement = select(alerts.c.status, func.count()).group_by(alerts.c.status)
        with self._read_only.connect() as connection:
            return dict.fromkeys(STATUSES, 0) | {row[0]: row[1] for row in connection.execute(statement)}

    def account_names(self, accounts: Iterable[str]) -> dict[str, str]:
        """Account -> its name, if known."""
        columns = (directory_accounts.c.account, directory_accounts.c.name)
        statement = select(*columns).where(directory_accounts.c.name.is_not(None))
        with self._read_only.connect() as connection:
            return {
                row[0]: row[1] for row in rows_by_key(connection, statement, directory_accounts.c.account, accounts)
            }

    def proposals(self, handoffs: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Handoff -> the data of its proposal: score, route, due time, reasons."""
        with self._read_only.connect() as connection:
            table = current_models(connection).handoffs
            rows = rows_by_key(connection, select(table), table.c.handoff, handoffs)
        return {row.handoff: proposal_data(row) for row in rows}


def _move_checkpoint(connection: Connection, move: CheckpointMove) -> None:
    key = {"projection": ALERTS, "version": _VERSION, "partition": move.partition}
    insert_missing(connection, checkpoints, [{**key, "next_offset": 0, "engagement_next": 0, "log": move.log}])
    condition = [
        checkpoints.c[name] == value for name, value in {**key, "next_offset": move.old, "log": move.log}.items()
    ]
    if connection.execute(update(checkpoints).where(*condition).values(next_offset=move.new)).rowcount != 1:
        raise AlertCheckpointConflict(
            f"the checkpoint of the alerts has moved; expected {move.old} in partition {move.partition}"
        )


def _where_waiting(statement: Select[Any], channel: str) -> Select[Any]:
    return statement.where(alerts.c.status == WAITING, alerts.c.channel == channel)
