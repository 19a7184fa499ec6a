"""The outbox of the alerts: rows, and the states of their deliveries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Select, and_, exists, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from alerts.channels.channel import LONGEST_WAIT_MS
from alerts.outbox.checkpoints import CheckpointMove, move_checkpoint, read_positions
from alerts.outbox.rows import (
    CANCELED,
    COOL_DOWN_STATUSES,
    FAILED,
    HELD,
    NO_PAUSE,
    PENDING_STATUSES,
    STATUSES,
    WAITING,
    Decision,
    DeliveryState,
    DueAlert,
    HeldAlert,
    Naming,
    NewAlert,
    Pause,
    SentAlert,
)
from alerts.outbox.tables import alert_namings, alert_pauses, alerts
from database import insert_missing, read_only, rows_by_key, upsert
from projections import directory_accounts
from projections.read_models import current_models, proposal_data
from schemas import EXPIRED, PROPOSED

_ANSWERED = "sales has answered"
_SENT = (alerts.c.id, alerts.c.channel, alerts.c.receiver, alerts.c.kind, alerts.c.account, alerts.c.at)


class AlertOutbox:
    """Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._read_only = engine, read_only(engine)

    def positions(self, log: str, partitions: int) -> dict[int, int]:
        """Partition -> next offset to read. Raises `LogRefused` if they belong to another generation."""
        with self._read_only.connect() as connection:
            return read_positions(connection, log, partitions)

    def add(self, new: Sequence[NewAlert], move: CheckpointMove | None = None, answered: Collection[str] = ()) -> None:
        """Add rows, cancel those of handoffs that sales has answered, and move the checkpoint, in one transaction.

        Existing rows stay. Raises `AlertCheckpointConflict`.
        """
        with self._engine.begin() as connection:
            if move is not None:
                move_checkpoint(connection, move)
            insert_missing(connection, alerts, [{**each._asdict(), "attempts": 0, "told_at": None} for each in new])
            for handoff in answered:
                pending = update(alerts).where(alerts.c.handoff == handoff, alerts.c.status.in_(PENDING_STATUSES))
                connection.execute(pending.values(status=CANCELED, why=_ANSWERED))

    def sent_alerts(self, accounts: Iterable[str], since: int) -> list[SentAlert]:
        """Alerts that count for the cool-down, of these accounts, for events since `since`."""
        statement = select(*_SENT).where(alerts.c.status.in_(COOL_DOWN_STATUSES), alerts.c.at >= since)
        with self._read_only.connect() as connection:
            return [SentAlert(*row) for row in rows_by_key(connection, statement, alerts.c.account, accounts)]

    def due_alerts(self, channel: str, receiver: str, now: int, limit: int) -> list[DueAlert]:
        """The due alerts of a receiver, in the order of the outbox.

        One that was not tried yet is due at once, unless it is planned for later. One that was tried later than now, or
        whose next attempt is further away than any retry waits, was stored before the clock went back, and is due, too.
        """
        columns = (alerts.c[name] for name in ("n", "id", "kind", "event", "at", "attempts", "handoff"))
        stepped_back = or_(alerts.c.tried_at > now, alerts.c.next_try_at > now + LONGEST_WAIT_MS)
        is_untried = and_(alerts.c.attempts == 0, alerts.c.status == WAITING)
        is_due = or_(is_untried, alerts.c.next_try_at <= now, and_(alerts.c.status == WAITING, stepped_back))
        due = _where_pending(select(*columns), channel, receiver).where(is_due)
        with self._read_only.connect() as connection:
            return [DueAlert(*row) for row in connection.execute(due.order_by(alerts.c.n).limit(limit))]

    def next_try_at(self, channel: str, receiver: str) -> int | None:
        """When the next alert of a receiver is due; None if none is to be sent."""
        with self._read_only.connect() as connection:
            return connection.execute(
                _where_pending(select(func.min(alerts.c.next_try_at)), channel, receiver)
            ).scalar()

    def update_state(self, alert: DueAlert, state: DeliveryState) -> bool:
        """Store the state; False if another process changed it since."""
        condition = (alerts.c.n == alert.n, alerts.c.attempts == alert.attempts)
        statement = update(alerts).where(*condition, alerts.c.status.in_(PENDING_STATUSES)).values(**state._asdict())
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def held_without_cause(self, channel: str, receiver: str, since: int) -> list[HeldAlert]:
        """Held alerts of events since `since` that follow none that was sent or will be, in the order of the outbox."""
        earlier = alerts.alias("earlier")
        follows = exists().where(
            *(earlier.c[name] == alerts.c[name] for name in ("channel", "receiver")),
            earlier.c.id == alerts.c.held_by,
            earlier.c.status.in_(COOL_DOWN_STATUSES),
        )
        statement = select(alerts.c.n, *_SENT).where(
            alerts.c.status == HELD,
            alerts.c.held_by.is_not(None),
            alerts.c.next_try_at >= since,  # it is not before the event; for the index
            alerts.c.at >= since,
            *_of_receiver(channel, receiver),
            ~follows,
        )
        with self._read_only.connect() as connection:
            rows = connection.execute(statement.order_by(alerts.c.n)).all()
        return [HeldAlert(row[0], SentAlert(*row[1:])) for row in rows]

    def hold_anew(self, n: int, decision: Decision) -> None:
        """The held alert `n` is released, or follows another one."""
        statement = update(alerts).where(alerts.c.n == n, alerts.c.status == HELD)
        with self._engine.begin() as connection:
            connection.execute(statement.values(**decision._asdict()))

    def given_up_by(self, channels: Collection[str], fallback: tuple[str, str], since: int) -> list[Any]:
        """Rows of alerts, for events since `since`, that none of a channel's receivers got, and that the receiver
        `fallback` has not: `id`, `kind`, `account`, `event`, `at`."""
        other = alerts.alias("other")
        not_failed = exists().where(
            other.c.id == alerts.c.id,
            or_(
                and_(other.c.channel == alerts.c.channel, other.c.status != FAILED),
                and_(other.c.channel == fallback[0], other.c.receiver == fallback[1]),
            ),
        )
        columns = (alerts.c[name] for name in ("id", "kind", "account", "event", "at"))
        statement = select(*columns).where(
            alerts.c.status == FAILED,
            alerts.c.next_try_at >= since,  # it is not before the event; for the index
            alerts.c.at >= since,
            alerts.c.channel.in_(channels),
            ~not_failed,
        )
        with self._read_only.connect() as connection:
            rows = connection.execute(statement.order_by(alerts.c.n)).all()
        return list({row.id: row for row in rows}.values())

    def pause_of(self, channel: str) -> Pause:
        """The silence that the channel asked for last."""
        columns = (alert_pauses.c.began_at, alert_pauses.c.until)
        with self._read_only.connect() as connection:
            row = connection.execute(select(*columns).where(alert_pauses.c.channel == channel)).first()
        return NO_PAUSE if row is None else Pause(*row)

    def store_pause(self, channel: str, pause: Pause) -> None:
        with self._engine.begin() as connection:
            upsert(connection, alert_pauses, [{"channel": channel, **pause._asdict()}])

    def add_namings(self, namings: Sequence[Naming]) -> None:
        with self._engine.begin() as connection:
            insert_missing(connection, alert_namings, [each._asdict() for each in namings])

    def namings_of(self, contact: str) -> list[Naming]:
        """Whom alerts told the name of this contact, oldest first."""
        statement = select(alert_namings).where(alert_namings.c.contact == contact)
        with self._read_only.connect() as connection:
            rows = connection.execute(statement.order_by(alert_namings.c.at, alert_namings.c.channel)).all()
        return [Naming(*row) for row in rows]

    def fail_others(self, receivers: Collection[tuple[str, str]], why: str) -> int:
        """Fail what is to be sent to all channels and receivers but these; returns their number."""
        known = or_(*(and_(*_of_receiver(*each)) for each in receivers))
        stale = update(alerts).where(alerts.c.status.in_(PENDING_STATUSES), ~known)
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

    def account_owners(self) -> list[str]:
        """Who owns accounts."""
        with self._read_only.connect() as connection:
            owner = current_models(connection).accounts.c.owner
            return list(
                connection.execute(select(owner).where(owner.is_not(None)).distinct().order_by(owner)).scalars()
            )

    def proposals(self, handoffs: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Handoff -> the data of its proposal: score, route, due time, reasons."""
        with self._read_only.connect() as connection:
            table = current_models(connection).handoffs
            rows = rows_by_key(connection, select(table), table.c.handoff, handoffs)
        return {row.handoff: proposal_data(row) for row in rows}

    def is_answered(self, handoff: str) -> bool:
        """Whether sales has answered a handoff by now, as far as it is projected."""
        with self._read_only.connect() as connection:
            table = current_models(connection).handoffs
            status = connection.execute(select(table.c.status).where(table.c.handoff == handoff)).scalar()
        return status is not None and status not in (PROPOSED, EXPIRED)


def _of_receiver(channel: str, receiver: str) -> tuple[ColumnElement[bool], ...]:
    return alerts.c.channel == channel, alerts.c.receiver == receiver


def _where_pending(statement: Select[Any], channel: str, receiver: str) -> Select[Any]:
    return statement.where(alerts.c.status.in_(PENDING_STATUSES), *_of_receiver(channel, receiver))
