"""A small world for the alerts: a migrated database, its log, fake channels, and the threads' work done by hand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select

from alerts.delivery import Delivery
from alerts.outbox import AlertOutbox, alerts
from alerts.settings import AlertSettings
from alerts.subscription import Subscription
from database.statements import upsert
from projections.directory import directory_accounts
from projections.read_models.tables import read_models
from projections.read_models.versions import checkpoints
from schemas.envelope import FactRecord
from schemas.topics import SQA_HANDOFFS
from streams.sql.log import SqlLog
from tests.alerts.builders import FRESH, NOON, Fake, record, settings


class Lines:
    """Takes structured lines of log."""

    def __init__(self, told: list[tuple[str, dict[str, Any]]] | None = None, **bound: Any) -> None:
        self.told = [] if told is None else told
        self._bound = bound

    def bind(self, **bound: Any) -> "Lines":
        return Lines(self.told, **self._bound, **bound)

    def info(self, event: str, **told: Any) -> None:
        self.told.append((event, {**self._bound, **told}))

    warning = info


class World:
    def __init__(self, engine: Engine, partitions: int = 1) -> None:
        self.engine = engine
        self.log = SqlLog(engine, partitions)
        self.rows = AlertOutbox(engine)
        self.lines = Lines()
        self.now = NOON
        self.holds = True
        self.told_by()

    def told_by(self, *channels: Fake, settings: AlertSettings | None = None) -> "World":
        """Begin anew with these channels, as after a restart."""
        self.channels = list(channels) or [Fake()]
        self.settings = settings or _settings_of(self.channels)
        self.subscription = self.another_subscription()
        self.deliveries = [
            Delivery(self.rows, each, self.clock, lambda: self.holds, FRESH, self.lines) for each in self.channels
        ]
        return self

    def another_subscription(self) -> Subscription:
        return Subscription(self.rows, self.log, self.settings, self.clock, FRESH, self.lines)

    def clock(self) -> int:
        return self.now

    def given(self, *events: FactRecord) -> "World":
        """Published and read, and nobody told yet."""
        return self.published(*events).read()

    def published(self, *events: FactRecord) -> "World":
        self.log.append(SQA_HANDOFFS, [record(event) for event in events])
        return self

    def read(self) -> "World":
        while self.subscription.advance():
            continue
        return self

    def told(self, after: int = 0) -> "World":
        """Everybody is told what is due so many milliseconds later."""
        self.now += after
        for delivery in self.deliveries:
            delivery.send_due()
        return self

    def named(self, **names: str) -> "World":
        rows = [{"account": f"{account}.com", "name": name, "seq": 1} for account, name in names.items()]
        with self.engine.begin() as connection:
            upsert(connection, directory_accounts, rows)
        return self

    def projected(self, row: dict[str, Any]) -> "World":
        """A handoff as it stands in the read models."""
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


def _settings_of(channels: Sequence[Fake]) -> AlertSettings:
    return settings(*(channel.name for channel in channels))
