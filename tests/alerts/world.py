"""A small world for the alerts: a migrated database, its log, fake channels, and the threads' work done by hand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select

from alerts.delivery import Delivery
from alerts.dossier import Dossiers
from alerts.outbox import AlertOutbox, alerts
from alerts.settings import AlertSettings
from alerts.subscription import Subscription
from database.statements import upsert
from projections.directory import directory_accounts
from projections.read_models.tables import read_models
from projections.read_models.versions import checkpoints
from schemas.envelope import FactRecord
from schemas.topics import SQA_HANDOFFS
from scoring.plan.plan import Plan
from streams.sql.log import SqlLog
from tests.alerts.builders import FRESHNESS, MAX_AGE_MS, NOON, FakeChannel, new_record, settings


class FakeLogger:
    """Takes structured lines of log."""

    def __init__(self, lines: list[tuple[str, dict[str, Any]]] | None = None, **bound: Any) -> None:
        self.lines = [] if lines is None else lines
        self._bound = bound

    def bind(self, **bound: Any) -> "FakeLogger":
        return FakeLogger(self.lines, **self._bound, **bound)

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, {**self._bound, **fields}))

    warning = info


class World:
    def __init__(self, engine: Engine, partitions: int = 1) -> None:
        self.engine = engine
        self.log = SqlLog(engine, partitions)
        self.rows = AlertOutbox(engine)
        self.logger = FakeLogger()
        self.now = NOON
        self.holds_lease = True
        self.plan: Plan | None = None
        self.restart_with()

    def restart_with(self, *channels: FakeChannel, settings: AlertSettings | None = None) -> "World":
        """Use these channels, as after a restart."""
        self.channels = list(channels) or [FakeChannel()]
        self.settings = settings or _settings_of(self.channels)
        self.subscription = self.new_subscription()
        self.deliveries = [
            Delivery(self.rows, each, self.settings, self.clock, lambda: self.holds_lease, MAX_AGE_MS, self.logger)
            for each in self.channels
        ]
        return self

    def new_subscription(self) -> Subscription:
        dossiers = Dossiers(self.engine, self.log, lambda: self.plan)
        return Subscription(self.rows, dossiers, self.log, self.settings, self.clock, FRESHNESS, self.logger)

    def clock(self) -> int:
        return self.now

    def receive(self, *events: FactRecord) -> "World":
        """Publish and read the events, without sending."""
        return self.publish(*events).read_topic()

    def publish(self, *events: FactRecord) -> "World":
        self.log.append(SQA_HANDOFFS, [new_record(event) for event in events])
        return self

    def read_topic(self) -> "World":
        while self.subscription.advance():
            continue
        return self

    def send_due(self, after: int = 0) -> "World":
        """Send what is due after so many milliseconds."""
        self.now += after
        for delivery in self.deliveries:
            delivery.send_due()
        return self

    def name_accounts(self, **names: str) -> "World":
        rows = [{"account": f"{account}.com", "name": name, "seq": 1} for account, name in names.items()]
        with self.engine.begin() as connection:
            upsert(connection, directory_accounts, rows)
        return self

    def add_handoff(self, row: dict[str, Any]) -> "World":
        """A handoff in the read models."""
        with self.engine.begin() as connection:
            upsert(connection, read_models(1).handoffs, [row])
        return self

    def alerts(self, *columns: str) -> list[Any]:
        """The chosen columns, row by row as they came: a plain value where it is one column."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(*[alerts.c[name] for name in columns]).order_by(alerts.c.n)).all()
        return [row[0] if len(columns) == 1 else tuple(row) for row in rows]

    def checkpoints(self) -> dict[int, int]:
        ours = select(checkpoints.c.partition, checkpoints.c.next_offset).where(checkpoints.c.projection == "alerts")
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(ours)}


def _settings_of(channels: Sequence[FakeChannel]) -> AlertSettings:
    return settings(*(channel.name for channel in channels))
