"""The scaled-out host: one of several processes on Apache Kafka and PostgreSQL.

`staffel topics create` creates the topics, their settings and the first activation; connecting only checks them.
"""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from time import monotonic

from database import (
    PROJECTED,
    Database,
    Notifications,
    migrate,
    new_holder_id,
    open_database,
    revision_of,
    shown_address,
)
from projections import projected_offsets
from schemas import ENGAGEMENT, Clock
from staffel.application import Application, RandomBytes
from staffel.errors import UsageError
from staffel.settings import Settings
from streams import Log, LogRefused, check_activation, first_record, has_reached
from streams.kafka import KafkaAddress

_POLL_INTERVAL_S = 1.0
"""A waiting command checks at least this often whether its facts are visible."""
_POSTGRES_SCHEME = "postgresql"


class TopicsNotReady(LogRefused):
    """Topics or their first records are missing; `staffel topics create` may be about to create them."""


class RemoteHostLock:
    """The host lock, as a process sees it that never hosts: workers, projectors and relays always hold it."""

    def try_acquire(self) -> bool:
        return False

    def release(self) -> None:
        """No-op: this process never holds the lock."""

    def holder(self) -> str:
        return "staffel worker and staffel project"


@dataclass(frozen=True)
class ScaledOut(Application):
    """Workers score, projectors project, one relay publishes; a command records, waits and queries."""

    @cached_property
    def holder(self) -> str:
        return new_holder_id()

    def drain(self) -> None:
        """No-op: the processes of the host do this."""

    def await_visible(self, end_offsets: Mapping[int, int]) -> str | None:
        deadline = monotonic() + self.settings.wait
        with closing(Notifications(self.engine, [PROJECTED])) as notifications:
            while not has_reached(projected_offsets(self.engine, self.log), end_offsets):
                remaining = deadline - monotonic()
                if remaining <= 0:
                    return self._timeout_reason(end_offsets)
                notifications.wait(min(remaining, _POLL_INTERVAL_S))
        return None

    def _timeout_reason(self, end_offsets: Mapping[int, int]) -> str:
        scored = {partition: self.log.position(partition) for partition in end_offsets}
        stage = _NOT_PROJECTED if has_reached(scored, end_offsets) else _NOT_SCORED
        return f"facts are still not {stage} after {self.settings.wait:g} s; run `staffel doctor`"


_NOT_SCORED = "scored (is `staffel worker` running?)"
_NOT_PROJECTED = "in the read models (is `staffel project` running?)"


def connect_scaled_out(
    settings: Settings,
    address: KafkaAddress,
    clock: Clock,
    random_bytes: RandomBytes,
    connect_timeout: float | None = None,
    *,
    creates_tables: bool = False,
) -> ScaledOut:
    """Open database and log.

    `connect_timeout`: seconds until a broker counts as out of reach. `creates_tables`: as processes do. Raises
    `LogRefused` if the topics are not as they should be, `UsageError` if the database is not PostgreSQL or has no
    tables.
    """
    require_postgres(settings)
    engine = open_database(settings.database_url)
    try:
        if not creates_tables and revision_of(engine) is None:
            raise UsageError(f"no tables in {shown_address(engine)}; {CREATE_TABLES_ADVICE}")
        log = open_kafka_log(address, connect_timeout)
        upgrade_tables(engine, log)
    except BaseException:
        engine.dispose()
        raise
    return ScaledOut(settings, engine, log, RemoteHostLock(), clock, random_bytes)


def upgrade_tables(engine: Database, log: Log) -> None:
    """Once the log is known to be one of this version."""
    try:
        migrate(engine)
    except BaseException:
        log.close()
        raise


def open_kafka_log(address: KafkaAddress, connect_timeout: float | None = None) -> Log:
    """The log, with its topics and the activation in every partition checked.

    Raises `TopicsNotReady`, `LogRefused` or `LogUnavailable`.
    """
    from streams.kafka import RETRY_TIMEOUT_S, KafkaLog, check_topics, require_valid_topics

    problems = check_topics(address)
    if any(problem.found is not None for problem in problems):
        require_valid_topics(address)
    if problems:
        raise TopicsNotReady(
            f"{address} has no topic {', '.join(problem.topic for problem in problems)}; {CREATE_TOPICS_ADVICE}"
        )
    log = KafkaLog(address, client=f"staffel-{os.getpid()}", retry_timeout_s=connect_timeout or RETRY_TIMEOUT_S)
    try:
        require_activated(log, address)
    except BaseException:
        log.close()
        raise
    return log


CREATE_TABLES_ADVICE = "`staffel topics create` creates them, or correct STAFFEL_DATABASE"
CREATE_TOPICS_ADVICE = "run `staffel topics create`, or correct the prefix in STAFFEL_LOG"


def require_activated(log: Log, address: KafkaAddress) -> None:
    """Raises `TopicsNotReady` if a partition is still empty, `LogRefused` if its first record does not fit."""
    empty = [p for p in range(log.partitions(ENGAGEMENT)) if first_record(log, p) is None]
    if empty:
        raise TopicsNotReady(
            f"{address}: partition {empty[0]} of {ENGAGEMENT} has no activated model yet; {CREATE_TOPICS_ADVICE}"
        )
    check_activation(log)


def require_postgres(settings: Settings) -> None:
    if not settings.database_url.startswith(_POSTGRES_SCHEME):
        raise UsageError(
            "STAFFEL_LOG is on Apache Kafka, where many processes share one database: "
            "set STAFFEL_DATABASE=postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        )
