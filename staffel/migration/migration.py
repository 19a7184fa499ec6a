"""Copies an embedded log and its database to Apache Kafka and PostgreSQL. The home is not changed.

An interrupted migration resumes when it is run again. Workers and projectors may run meanwhile; relay, mover, timers
and alerts are kept out by their leases until it is done.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, NamedTuple

from msgspec import MsgspecError

from database import Database, Lease, migrate, new_holder_id, open_database
from intake.vault import copy_link, copy_vault, open_vault_database, vault_rows
from projections import read_lag
from schemas import ENGAGEMENT, PARTITIONS, Clock, decode_fact, parse_time
from staffel.embedded import Embedded
from staffel.errors import ProblemFound
from staffel.migration.log_copy import COPIED_TOPICS, LogCopy
from staffel.migration.table_copy import copy_tables, count_rows
from staffel.wording import quantity
from streams import Log, LogRefused, activation_record, check_activation, first_record, read_activation
from streams.kafka import KafkaAddress, KafkaLog, create_topics, inspect_topics

Json = dict[str, Any]
Advance = Callable[[int], object]
_PAUSED_ROLES = ("relay", "mover", "timers", "alerts")
"""Roles that would act on copied data as if it were new."""
_LEASE_TIMEOUT_S = 20.0


class Destination(NamedTuple):
    """Target; `partitions`: None for those of the existing topics, or the default."""

    address: KafkaAddress
    database: str
    vault: str
    partitions: int | None = None
    replication: int = 1


def migrate_home(home: Embedded, destination: Destination, advance: Advance = lambda _: None) -> Json:
    """Copy everything and return the counts; `advance` gets the number of records and rows done.

    Raises `ProblemFound` if the home is running, `LogRefused` or `DatabaseError` if the destination holds other data,
    `LogUnavailable` if it does not answer.
    """
    with ExitStack() as stack:
        stack.enter_context(locked_idle_home(home))
        log = stack.enter_context(closing(open_log(destination)))
        engine = open_database(destination.database)
        stack.callback(engine.dispose)
        migrate(engine)
        vault = open_vault_database(destination.vault)
        stack.callback(vault.dispose)
        model = common_model(home.log, log)
        copy = LogCopy(home.log, log, engine, home.clock)
        if copy.is_finished():
            refuse_newer(home.log, copy)
        else:
            _copy_all(home, log, engine, copy, advance)
            # Last: a vault that is older than its log finds unknown contacts, never wrong ones.
            copy_link(home.engine, engine)
            copy_vault(home.vault_database, vault, advance)
            copy.finish()
        return {
            "partitions": log.partitions(ENGAGEMENT),
            "model": model["version"],
            "topics": {topic: _copied_count(home.log, copy, topic) for topic in COPIED_TOPICS},
            "tables": count_rows(home.engine) | vault_rows(home.vault_database),
        }


def record_count(home: Embedded) -> int:
    """Number of log records to copy."""
    return sum(home.log.end(topic, each) for topic in COPIED_TOPICS for each in range(home.log.partitions(topic)))


@contextmanager
def locked_idle_home(home: Embedded) -> Iterator[None]:
    """Hold the home's lock, with the outbox published and all moves done."""
    if not home.lock.try_acquire():
        holder = home.lock.holder() or "another process"
        raise ProblemFound(f"{holder} is running this home; stop it (`staffel up`), then migrate")
    try:
        home.drain()
        state = read_lag(home.engine, home.log, home.clock())
        if not state.is_idle:
            raise ProblemFound(f"this home has unfinished work ({state}); see `staffel doctor`")
        yield
    finally:
        home.lock.release()


def open_log(destination: Destination) -> Log:
    """The log on Kafka; creates missing topics."""
    existing, _ = inspect_topics(destination.address)
    partitions = existing[ENGAGEMENT].partitions if ENGAGEMENT in existing else PARTITIONS
    create_topics(destination.address, destination.partitions or partitions, destination.replication)
    return KafkaLog(destination.address, client="staffel-migrate")


@contextmanager
def paused_roles(engine: Database, clock: Clock) -> Iterator[list[Lease]]:
    leases = [Lease(engine, role, new_holder_id(), clock) for role in _PAUSED_ROLES]
    try:
        renew_leases(leases, _LEASE_TIMEOUT_S)
        yield leases
    finally:
        for lease in leases:
            lease.release()


def renew_leases(leases: list[Lease], timeout: float = 0.0) -> None:
    busy = [lease.role for lease in leases if not lease.acquire(timeout)]
    if busy:
        raise ProblemFound(
            f"the {busy[0]} is running on that database; stop `staffel {command_of(busy[0])}` and migrate again"
        )


def command_of(role: str) -> str:
    return "alerts" if role == "alerts" else "relay"


def _copy_all(home: Embedded, log: Log, engine: Database, copy: LogCopy, advance: Advance) -> None:
    with paused_roles(engine, home.clock) as leases:
        copy.start()
        activate_partitions(home, log)
        copy_tables(home.engine, engine, advance)
        _copy_topics(home.log, copy, leases, advance)


def _copy_topics(source: Log, copy: LogCopy, leases: list[Lease], advance: Advance) -> None:
    for topic in COPIED_TOPICS:
        for partition in range(source.partitions(topic)):
            while read := copy.advance(topic, partition):
                renew_leases(leases)
                advance(read)


def _copied_count(source: Log, copy: LogCopy, topic: str) -> int:
    """Number of records of a topic copied so far."""
    return sum(copy.position(topic, partition) for partition in range(source.partitions(topic)))


def refuse_newer(source: Log, copy: LogCopy) -> None:
    """Raises `ProblemFound` if records were added to the home after the copy."""
    ends = {topic: sum(source.end(topic, each) for each in range(source.partitions(topic))) for topic in COPIED_TOPICS}
    newer = {topic: end - _copied_count(source, copy, topic) for topic, end in ends.items()}
    if any(newer.values()):
        records = ", ".join(quantity(number, "record") + f" of {topic}" for topic, number in newer.items() if number)
        raise ProblemFound(
            f"everything was copied already; added to this home since: {records}. Import the same files at the "
            "destination: known items are skipped as duplicates"
        )


def activate_partitions(home: Embedded, log: Log) -> None:
    """Start every partition with the model of this home."""
    content = activation_content(home.log, 0) or {}
    first = first_record(home.log, 0)
    at = parse_time(decode_fact(first.value).recordedtime) if first else home.clock()
    partitions = log.partitions(ENGAGEMENT)
    for partition in range(partitions):
        if first_record(log, partition) is None:
            log.append(ENGAGEMENT, [activation_record(content, partition, at, partitions)], partition=partition)
    check_activation(log)


def common_model(source: Log, target: Log) -> Json:
    """The initial model of this home. Raises `LogRefused` if the topics start with another one."""
    ours = activation_content(source, 0) or {}
    theirs = [activation_content(target, partition) for partition in range(target.partitions(ENGAGEMENT))]
    other = next((content for content in theirs if content is not None and content != ours), None)
    if other is not None:
        raise LogRefused(
            f"the topics start with model {other['version']}, this home with {ours['version']}: the same facts would "
            "get different scores; name new topics (another `prefix`), which start with the model of this home"
        )
    return ours


def activation_content(log: Log, partition: int) -> Json | None:
    """The activation of a partition. Raises `LogRefused` if it starts with another record."""
    record = first_record(log, partition)
    if record is None:
        return None
    try:
        active = read_activation(record)
    except MsgspecError:
        raise LogRefused(
            f"partition {partition} of {ENGAGEMENT} does not begin with the activation of a model"
        ) from None
    return {"model": active.model, "version": active.version}
