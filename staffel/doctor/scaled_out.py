"""Checks of a shared broker and database, independent of each other, as either may be down. Repairs nothing."""

import socket
from collections.abc import Callable, Sequence

from msgspec import DecodeError

from database import Database, DatabaseError, newest_revision, open_database, revision_of, shown_address
from projections import (
    MEMBER_ROLE_PREFIX,
    PARTITION_ROLE_PREFIX,
    PartitionLag,
    database_time,
    end_offsets,
    lease_holders,
    projection_lag,
    reactor_backlog,
    scoring_lag,
)
from schemas import DEAD_LETTERS, ENGAGEMENT, Clock, decode_envelope, parse_time
from staffel.doctor.alerts import check_alerts
from staffel.doctor.closed_days import check_closed_days
from staffel.doctor.embedded import (
    Json,
    check_clock,
    check_dead_letters,
    check_model,
    check_networks,
    check_settings_file,
    check_stale_accounts,
    check_visitors,
    finding,
)
from staffel.doctor.vault import check_vault
from staffel.errors import UsageError
from staffel.scaled_out import CREATE_TOPICS_ADVICE, require_activated, require_postgres
from staffel.settings import Settings
from staffel.wording import quantity
from streams import Log, LogError, OtherFoldVersion
from streams.kafka import KafkaAddress
from streams.scorer import active_plan

_CONNECT_TIMEOUT_S = 3.0
_MAX_CLOCK_SKEW_MS = 5_000
_MAX_LETTERS_READ = 50
_BROKER_ADVICE = "start the broker, or correct STAFFEL_LOG"
_DATABASE_ADVICE = "start PostgreSQL, or correct STAFFEL_DATABASE"
_WORKER_ADVICE = "start `staffel worker`"
_PROJECT_ADVICE = "start `staffel project`"
_RELAY_ADVICE = "start `staffel relay`"
_MIGRATE_ADVICE = "any process migrates the tables when it starts; stop older versions of Staffel first"
_CLOCK_ADVICE = "synchronize all clocks with NTP"


def findings(settings: Settings, address: KafkaAddress, now: Clock) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`. `now`: this machine's clock."""
    broker_findings, log = check_broker(address)
    database_findings, engine = check_database(settings, now)
    try:
        rows = [
            *check_settings_file(),
            *broker_findings,
            *(check_log(settings, address, log, now) if log else []),
            *check_networks(settings),
            *database_findings,
        ]
        if engine and log:
            rows.append(finding_of("projected", lambda: check_projected(engine, log), _PROJECT_ADVICE))
            rows.append(finding_of("read models", lambda: check_stale_accounts(engine), _PROJECT_ADVICE))
            rows.append(finding_of("visitors", lambda: check_visitors(engine), _PROJECT_ADVICE))
            rows.extend(some_alerts(settings, engine, log))
        return rows
    finally:
        if log:
            log.close()


def finding_of(check: str, run: Callable[[], Json], advice: str) -> Json:
    """The finding of a check; an expected error is a finding too."""
    try:
        return run()
    except (LogError, DatabaseError, UsageError) as error:
        return finding(check, False, str(error), advice)


def check_broker(address: KafkaAddress) -> tuple[list[Json], Log | None]:
    """Findings on broker and topics, and the log if all topics exist. `doctor` on an embedded home needs no Kafka."""
    from streams.kafka import KafkaLog, check_topics

    unreachable = [server for server in address.servers if not is_reachable(server)]
    if unreachable:
        return [finding("broker", False, f"{', '.join(unreachable)} cannot be reached", _BROKER_ADVICE)], None
    try:
        problems = check_topics(address)
        log = None if any(problem.found is None for problem in problems) else KafkaLog(address, client="staffel-doctor")
    except LogError as error:
        return [finding("broker", False, str(error), _BROKER_ADVICE)], None
    return [finding("broker", True, str(address)), topics_finding(problems)], log


def is_reachable(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


def topics_finding(problems: Sequence[object]) -> Json:
    advice = f"{CREATE_TOPICS_ADVICE}; correct wrong settings with kafka-configs.sh"
    return finding("topics", not problems, "; ".join(map(str, problems)) or "ok", advice)


def check_log(settings: Settings, address: KafkaAddress, log: Log, now: Clock) -> list[Json]:
    """Findings on activation, lag of the workers, dead letters and clocks."""
    try:
        require_activated(log, address)
    except OtherFoldVersion:
        raise
    except LogError as error:
        return [finding("activation", False, str(error), CREATE_TOPICS_ADVICE)]
    return [
        finding("activation", True, quantity(log.partitions(ENGAGEMENT), "partition")),
        finding_of("model", lambda: check_model(settings, active_plan(log).version), CREATE_TOPICS_ADVICE),
        *some_closed_days(log, now()),
        finding_of("scored", lambda: check_scored(log), _WORKER_ADVICE),
        finding_of("dead letters", lambda: check_some_letters(log), _BROKER_ADVICE),
        finding_of("clock", lambda: check_clock(log, now()), _CLOCK_ADVICE),
        finding_of("recorders' clocks", lambda: check_recorder_clocks(log, now()), _CLOCK_ADVICE),
    ]


def some_closed_days(log: Log, now: int) -> list[Json]:
    """None where the model cannot be read, which its own check tells."""
    try:
        return check_closed_days(active_plan(log).model, now)
    except LogError:
        return []


def some_alerts(settings: Settings, engine: Database, log: Log) -> list[Json]:
    """None where model or tables cannot be read, which their own checks tell."""
    try:
        return check_alerts(settings, engine, active_plan(log).model)
    except (LogError, DatabaseError):
        return []


def check_scored(log: Log) -> Json:
    return check_lag("scored", scoring_lag(log, count_activations=False), "fact", _WORKER_ADVICE)


def check_projected(engine: Database, log: Log) -> Json:
    return check_lag(
        "projected",
        projection_lag(engine, log),
        "score record",
        _PROJECT_ADVICE,
    )


def check_lag(check: str, lags: PartitionLag, unit: str, advice: str) -> Json:
    late = {partition: lag for partition, lag in lags.items() if lag}
    where = f" (partition {', '.join(f'{p}: {n}' for p, n in late.items())})" if late else ""
    return finding(
        check, not late, f"{quantity(sum(late.values()), unit)} behind{where}", f"{advice}, then check again"
    )


def check_some_letters(log: Log) -> Json:
    """Whether a letter was retried takes a read of its account's history, so many are only counted."""
    count = sum(end_offsets(log, DEAD_LETTERS).values())
    if count <= _MAX_LETTERS_READ:
        return check_dead_letters(log)
    return finding("dead letters", False, f"{count} in all", "`staffel dead-letters list` shows the errors")


def check_recorder_clocks(log: Log, now: int) -> Json:
    """Compares the clocks of the recorders of the newest facts with this machine's."""
    last = [log.read(ENGAGEMENT, p, end - 1, 1) for p, end in end_offsets(log, ENGAGEMENT).items() if end]
    times = (recorded_at(record.value) for some in last for record in some)
    ahead = max((time - now for time in times if time is not None), default=0)
    found = "in sync" if ahead <= _MAX_CLOCK_SKEW_MS else f"{ahead / 1000:.0f} s ahead of this machine"
    return finding("recorders' clocks", ahead <= _MAX_CLOCK_SKEW_MS, found, _CLOCK_ADVICE)


def recorded_at(value: bytes) -> int | None:
    """When a fact was recorded; None for a record that does not say so."""
    try:
        return parse_time(decode_envelope(value).recordedtime or "")
    except (DecodeError, ValueError, RecursionError):
        return None


def check_database(settings: Settings, now: Clock) -> tuple[list[Json], Database | None]:
    """Findings on the database, and the engine if it is usable."""
    try:
        require_postgres(settings)
        engine = open_database(settings.database_url)
        revision = revision_of(engine)
    except (DatabaseError, UsageError) as error:
        return [finding("database", False, str(error), _DATABASE_ADVICE)], None
    rows = [finding("database", True, shown_address(engine)), check_migrations(revision)]
    if revision != newest_revision():
        return rows, None
    return [
        *rows,
        *check_vault(settings, engine),
        finding_of("database's clock", lambda: check_database_clock(engine, now()), _CLOCK_ADVICE),
        finding_of("outbox", lambda: check_outbox(engine, now()), _RELAY_ADVICE),
        finding_of("projectors", lambda: check_projectors(engine, now()), _PROJECT_ADVICE),
    ], engine


def check_migrations(revision: str | None) -> Json:
    newest = newest_revision()
    found = f"revision {revision}" if revision else "no tables"
    return finding("migrations", revision == newest, f"{found}, newest is {newest}", _MIGRATE_ADVICE)


def check_database_clock(engine: Database, now: int) -> Json:
    skew = abs(database_time(engine, now) - now)
    found = "in sync" if skew <= _MAX_CLOCK_SKEW_MS else f"{skew / 1000:.0f} s off this machine's clock"
    return finding("database's clock", skew <= _MAX_CLOCK_SKEW_MS, found, _CLOCK_ADVICE)


def check_outbox(engine: Database, now: int) -> Json:
    pending = reactor_backlog(engine, now)
    detail = f"{quantity(pending.outbox, 'row')}, {quantity(pending.moves, 'move')} waiting"
    return finding("outbox", not (pending.outbox or pending.moves), detail, f"{_RELAY_ADVICE}, then check again")


def check_projectors(engine: Database, now: int) -> Json:
    """Which roles are leased; a relay holds its lease only while there is work."""
    leases = lease_holders(engine, now)
    partition_holders = sorted({holder for role, holder in leases.items() if role.startswith(PARTITION_ROLE_PREFIX)})
    others = [
        f"{role} by {holder}"
        for role, holder in sorted(leases.items())
        if not role.startswith((PARTITION_ROLE_PREFIX, MEMBER_ROLE_PREFIX))
    ]
    found = "; ".join([f"partitions held by {', '.join(partition_holders) or 'no process'}", *others])
    return finding("projectors", bool(partition_holders), found, _PROJECT_ADVICE)
