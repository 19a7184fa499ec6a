"""Checks of a broker and a database that processes share, each for itself: one may be down. Never mends anything."""

import socket
from collections.abc import Callable, Mapping, Sequence

from database.engine import Database, open_database
from database.errors import DatabaseError
from database.migrate import newest_revision, revision_of
from projections.lag import database_time, lease_holders, projector_positions, reactor_backlog
from projections.partition_leases import MEMBER_ROLE_PREFIX, PARTITION_ROLE_PREFIX
from schemas.envelope import decode_fact
from schemas.times import parse_time
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from staffel.application import Clock
from staffel.doctor.embedded import Json, letters, model, networks, newest, row
from staffel.errors import Usage
from staffel.processes.checks import behind, ends
from staffel.scaled_out import LAY_DOWN, refuse_not_begun, require_postgres
from staffel.settings import Settings
from staffel.wording import counted
from streams.activation import initial_plan
from streams.kafka.address import KafkaAddress
from streams.log import Log, LogError

_KNOCK_S = 3.0
_APART_MS = 5_000
_LETTERS_READ = 50
_BROKER = "start the broker, or correct STAFFEL_LOG"
_DATABASE = "start PostgreSQL, or correct STAFFEL_DATABASE"
_WORKER, _PROJECT, _RELAY = "start `staffel worker`", "start `staffel project`", "start `staffel relay`"
_MIGRATE = "any process brings them up to date as it starts; an older version of Staffel must not run beside it"
_CLOCKS = "let all machines keep their clocks by NTP"


def findings(settings: Settings, address: KafkaAddress, now: Clock) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`. `now`: this machine's clock, which goes on meanwhile."""
    brokers, log = of_broker(address)
    databases, engine = of_database(settings, now)
    try:
        rows = [*brokers, *(of_log(settings, address, log, now) if log else []), *networks(settings), *databases]
        return [*rows, looked("projected", lambda: projected(engine, log), _PROJECT)] if engine and log else rows
    finally:
        if log:
            log.close()


def looked(check: str, look: Callable[[], Json], advice: str) -> Json:
    """What a look found; trouble on the way is a finding as well."""
    try:
        return look()
    except (LogError, DatabaseError, Usage) as trouble:
        return row(check, False, str(trouble), advice)


def of_broker(address: KafkaAddress) -> tuple[list[Json], Log | None]:
    """The broker, its topics, and the log where all of them are there."""
    from streams.kafka.log import KafkaLog
    from streams.kafka.topics import check_topics

    silent = [server for server in address.servers if not answers(server)]
    if silent:
        return [row("broker", False, f"{', '.join(silent)} cannot be reached", _BROKER)], None
    try:
        wrong = check_topics(address)
        log = None if any(problem.found is None for problem in wrong) else KafkaLog(address, client="staffel-doctor")
    except LogError as trouble:
        return [row("broker", False, str(trouble), _BROKER)], None
    return [row("broker", True, str(address)), topics(wrong)], log


def answers(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S):
            return True
    except OSError:
        return False


def topics(wrong: Sequence[object]) -> Json:
    advice = f"{LAY_DOWN}; wrong settings are corrected by kafka-configs.sh"
    return row("topics", not wrong, "; ".join(map(str, wrong)) or "as they should be", advice)


def of_log(settings: Settings, address: KafkaAddress, log: Log, now: Clock) -> list[Json]:
    """How far the workers are, and what the log itself tells."""
    try:
        refuse_not_begun(log, address)
    except LogError as wrong:
        return [row("activation", False, str(wrong), LAY_DOWN)]
    return [
        row("activation", True, counted(log.partitions(ENGAGEMENT), "partition")),
        looked("model", lambda: model(settings, initial_plan(log).version), LAY_DOWN),
        looked("scored", lambda: scored(log), _WORKER),
        looked("dead letters", lambda: few_letters(log), _BROKER),
        looked("clock", lambda: newest(log, now()), _CLOCKS),
        looked("recorders' clocks", lambda: recorders(log, now()), _CLOCKS),
    ]


def scored(log: Log) -> Json:
    """The first record of a partition is its model's activation, which nothing waits for."""
    at = {p: log.position(p) or 1 for p in range(log.partitions(ENGAGEMENT))}
    return lag("scored", behind(ends(log, ENGAGEMENT), at), "fact", _WORKER)


def projected(engine: Database, log: Log) -> Json:
    return lag("projected", behind(ends(log, SCORES), projector_positions(engine, log)), "score record", _PROJECT)


def lag(check: str, lags: Mapping[int, int], what: str, advice: str) -> Json:
    late = {partition: lag for partition, lag in lags.items() if lag}
    where = f" (partition {', '.join(f'{p}: {n}' for p, n in late.items())})" if late else ""
    return row(check, not late, f"{counted(sum(late.values()), what)} behind{where}", f"{advice}, and look again")


def few_letters(log: Log) -> Json:
    """Whether each was recorded again takes a look at its account's history, so of many it is not told."""
    count = sum(ends(log, DEAD_LETTERS).values())
    if count <= _LETTERS_READ:
        return letters(log)
    return row("dead letters", False, f"{count} in all", "`staffel dead-letters list` tells why, and which are done")


def recorders(log: Log, now: int) -> Json:
    """Whoever recorded the newest facts has a clock of its own."""
    last = [log.read(ENGAGEMENT, p, end - 1, 1) for p, end in ends(log, ENGAGEMENT).items() if end]
    ahead = max(
        (parse_time(decode_fact(record.value).recordedtime) - now for some in last for record in some), default=0
    )
    found = "in step" if ahead <= _APART_MS else f"{ahead / 1000:.0f} s ahead of this machine"
    return row("recorders' clocks", ahead <= _APART_MS, found, _CLOCKS)


def of_database(settings: Settings, now: Clock) -> tuple[list[Json], Database | None]:
    """The database, where it can be asked, and what waits in it."""
    try:
        require_postgres(settings)
        engine = open_database(settings.database_url)
        revision = revision_of(engine)
    except (DatabaseError, Usage) as trouble:
        return [row("database", False, str(trouble), _DATABASE)], None
    rows = [row("database", True, engine.url.render_as_string()), migrations(revision)]
    if revision != newest_revision():
        return rows, None
    return [
        *rows,
        looked("database's clock", lambda: clock(engine, now()), _CLOCKS),
        looked("outbox", lambda: outbox(engine, now()), _RELAY),
        looked("projectors", lambda: projectors(engine, now()), _PROJECT),
    ], engine


def migrations(revision: str | None) -> Json:
    newest = newest_revision()
    found = f"revision {revision}" if revision else "no tables"
    return row("migrations", revision == newest, f"{found}, {newest} is the newest here", _MIGRATE)


def clock(engine: Database, now: int) -> Json:
    apart = abs(database_time(engine, now) - now)
    found = "in step" if apart <= _APART_MS else f"{apart / 1000:.0f} s apart from this machine"
    return row("database's clock", apart <= _APART_MS, found, _CLOCKS)


def outbox(engine: Database, now: int) -> Json:
    found = reactor_backlog(engine, now)
    told = f"{counted(found.outbox, 'row')}, {counted(found.moves, 'move')} waiting"
    return row("outbox", not (found.outbox or found.moves), told, f"{_RELAY}, and look again")


def projectors(engine: Database, now: int) -> Json:
    """Which roles are held; a relay takes its lease only while there is something to do."""
    held = lease_holders(engine, now)
    theirs = sorted({holder for role, holder in held.items() if role.startswith(PARTITION_ROLE_PREFIX)})
    others = [
        f"{role} by {holder}"
        for role, holder in sorted(held.items())
        if not role.startswith((PARTITION_ROLE_PREFIX, MEMBER_ROLE_PREFIX))
    ]
    found = "; ".join([f"partitions held by {', '.join(theirs) or 'nobody'}", *others])
    return row("projectors", bool(theirs), found, _PROJECT)
