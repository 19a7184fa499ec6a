"""A small world for the reading side: a migrated database, its log, and the steps that work on it. Never a fake."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, Table, select

from database.columns import metadata
from database.leases import leases
from projections.projector import Projector
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from projections.reactors.timers import Timers
from projections.read_models.tables import read_models
from projections.read_models.versions import checkpoints, current_models
from schemas.topics import SCORES
from streams.log import Log
from streams.sql.log import SqlLog
from tests.projections.builders import NOON, ScoresRecordValue, records_of


class World:
    def __init__(self, engine: Engine, partitions: int = 1, log: Log | None = None) -> None:
        """Uses the log in the database unless another one is passed."""
        self.engine = engine
        self.log = log or SqlLog(engine, partitions)
        self.now = NOON
        self.projector = Projector(engine, self.log)
        self.relay = Relay(engine, self.log, self.clock)
        self.mover = Mover(engine, self.log, self.clock)
        self.timers = Timers(engine, self.log, self.clock)

    def clock(self) -> int:
        return self.now

    def publish_and_project(self, *updates: ScoresRecordValue) -> "World":
        """Published and projected."""
        return self.publish(*updates).project()

    def publish_repeatedly(self, *updates: ScoresRecordValue, times: int = 2) -> "World":
        """Published so many times over, as after a crash of the scorer's host, and projected."""
        for _ in range(times):
            self.publish_and_project(*updates)
        return self

    def publish(self, *updates: ScoresRecordValue) -> "World":
        self.log.append(SCORES, records_of(updates))
        return self

    def project(self) -> "World":
        run_until_idle(self.projector.advance)
        return self

    def new_projector(self) -> Projector:
        """The projector of another process, which has not looked at anything yet."""
        return Projector(self.engine, self.log)

    def run_reactors(self) -> "World":
        """The reactors have done what there is to do."""
        run_until_idle(lambda: self.mover.advance() + self.relay.advance())
        return self

    def rows(self, table: str, *columns: str, **where: Any) -> list[Any]:
        """The chosen columns of the rows in the order of their keys: a plain value where it is one column."""
        with self.engine.connect() as connection:
            chosen = _table(current_models(connection), table)
            statement = select(*[chosen.c[name] for name in columns] or chosen.c)
            wanted = statement.where(*(chosen.c[name] == value for name, value in where.items()))
            rows = connection.execute(wanted.order_by(*chosen.primary_key)).all()
        return [row[0] if len(columns) == 1 else tuple(row) for row in rows]

    def all_rows(self) -> dict[str, list[Any]]:
        """All rows of all tables but leases, the outbox's own numbers, and what names this one log."""
        names = [table.name for table in read_models().metadata.sorted_tables]
        names += [table.name for table in metadata.sorted_tables if table.name != "leases"]
        return {name: self._rows_of(name) for name in names}

    def _rows_of(self, name: str) -> list[Any]:
        if name == "checkpoints":
            return self.rows(name, "projection", "version", "partition", "next_offset", "engagement_next")
        return sorted(self.rows(name, "id", "event", "published")) if name == "outbox" else self.rows(name)

    def reset_and_project(self) -> "World":
        """The projector begins again: its checkpoint was lost."""
        with self.engine.begin() as connection:
            connection.execute(checkpoints.update().values(next_offset=0))
        return self.project()

    def expire_leases(self) -> "World":
        """Let all leases run out."""
        with self.engine.begin() as connection:
            connection.execute(leases.update().values(until=0))
        return self

    def records_of_topic(self, topic: str) -> list[Any]:
        return [record for p in range(self.log.partitions(topic)) for record in self.log.read(topic, p, 0, 10_000)]


def run_until_idle(advance: Callable[[], int]) -> None:
    while advance():
        continue


def _table(models: Any, name: str) -> Table:
    found: Sequence[Table] = [t for t in models.metadata.sorted_tables if t.name.partition("_v")[0] == name]
    return found[0] if found else metadata.tables[name]
