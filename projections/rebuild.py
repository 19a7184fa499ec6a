"""Rebuilds the read models from a replay of `engagement`, in new tables beside the ones in use.

The new version takes over the checkpoints of the old one before the replay begins. Whatever the projector had not read
by then, the new version reads from `scores` after the replay, and writes its work for the reactors; updates that the
replay contained already change nothing. If the checkpoint belongs to another log, the new version reads `scores` from
the beginning. A lease ensures that one rebuild runs at a time.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import Connection, Engine, insert, inspect

from database import Lease, data_error_code, holder_of, new_holder_id, read_only
from projections.aliases import write_aliases
from projections.projector import Projector
from projections.read_models import versions
from projections.read_models.stale_accounts import (
    accounts_of,
    mark_stale,
    only_accounts,
    read_stale,
    skipped_accounts,
    stale_accounts,
    unwritable_accounts,
    without_accounts,
)
from projections.read_models.tables import ReadModels, read_models
from projections.read_models.updates import Replay, UpdateBatch, replayed_batches
from projections.read_models.versions import Checkpoint, checkpoints
from projections.writer import WriteBatches, trial_failure, write_read_models, write_work
from schemas import ENGAGEMENT, SCORES
from streams import Log

_BATCH_SIZE = 5_000
LEASE_DURATION_MS = 6_000
LEASE_TIMEOUT_S = LEASE_DURATION_MS / 1000 + 1
"""How long a rebuild waits for the lease: that of a killed process runs out within this time."""


class RebuildInProgress(Exception):
    """Another process rebuilds this projection; the message names it."""


def system_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def rebuild(
    engine: Engine,
    log: Log,
    replay: Replay,
    name: str = versions.MAIN,
    *,
    holder: str | None = None,
    clock: Callable[[], int] = system_clock,
    timeout_s: float = LEASE_TIMEOUT_S,
) -> int:
    """Build a new version, catch up with `scores` and switch to it; returns the new version.

    After an interruption the old version stays in use, and the next rebuild deletes the incomplete one. Raises
    `RebuildInProgress` if another process holds the lease for longer than `timeout_s`, or has taken it over.
    """
    lease = Lease(engine, f"rebuild/{name}", holder or new_holder_id(), clock, LEASE_DURATION_MS)

    def renew_lease(timeout_s: float = 0.0) -> None:
        if not lease.acquire(timeout_s):
            other = holder_of(engine, lease.role, clock()) or "another process"
            raise RebuildInProgress(f"{name} is being rebuilt by {other}; wait for it to finish, or stop it")

    renew_lease(timeout_s)
    try:
        version = _build(engine, log, replay, name, renew_lease)
        lease.invalidate()
        renew_lease()
        _switch_version(engine, name, version)
        return version
    finally:
        lease.release()


def _build(engine: Engine, log: Log, replay: Replay, name: str, renew_lease: Callable[[], None]) -> int:
    version = _prepare(engine, log, name)
    with read_only(engine).connect() as connection:
        set_aside = skipped_accounts(read_stale(connection, name, version - 1))
    write_rows = partial(_write_rows, set_aside)
    for partition in range(log.partitions(ENGAGEMENT)):
        for batch in replayed_batches(partition, replay(partition), _BATCH_SIZE):
            _write(engine, version, batch, write_rows)
            renew_lease()
    projector = Projector.for_version(engine, log, name, version, replay)
    while projector.advance():
        renew_lease()
    return version


def _prepare(engine: Engine, log: Log, name: str) -> int:
    with engine.begin() as connection:
        old = versions.version_of(connection, name)
        _clear_other_versions(connection, name, old)
        new = old + 1
        read_models(new).metadata.create_all(connection)
        old_checkpoints = versions.read_checkpoints(connection, name, old)
        for partition in range(log.partitions(SCORES)):
            checkpoint = _valid_checkpoint(log, partition, old_checkpoints.get(partition, Checkpoint()))
            row = {"projection": name, "version": new, "partition": partition, **checkpoint._asdict()}
            connection.execute(insert(checkpoints).values(row))
        return new


def _valid_checkpoint(log: Log, partition: int, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint, or the beginning if the checkpoint belongs to another log."""
    generation = log.generation(SCORES)
    if checkpoint.log not in (None, generation) or checkpoint.next_offset > log.end(SCORES, partition):
        return Checkpoint(log=generation)
    return checkpoint


def _write(engine: Engine, version: int, batch: UpdateBatch, write_rows: WriteBatches) -> None:
    """Write a batch; if the database refuses values, without the accounts that have them."""
    models = read_models(version)
    with read_only(engine).connect() as connection:
        batch = without_accounts(batch, skipped_accounts(read_stale(connection, versions.MAIN, version)))
    try:
        with engine.begin() as connection:
            write_rows(connection, models, [batch])
    except Exception as error:
        if data_error_code(error) is None:
            raise
        codes = unwritable_accounts(
            accounts_of(batch),
            lambda accounts: trial_failure(engine, models, only_accounts(batch, accounts), write_rows),
        )
        with engine.begin() as connection:
            write_rows(connection, models, [without_accounts(batch, codes)])
            mark_stale(connection, version, batch, codes)


def _write_rows(
    set_aside: Collection[str], connection: Connection, models: ReadModels, batches: Sequence[UpdateBatch]
) -> None:
    """The rows of a replay: the read models, and the aliases of the directory, which are lost with a table.

    Reactors get no work from it, but for the accounts that were set aside: theirs was never written.
    """
    new_updates = write_read_models(connection, models, batches)
    if set_aside:
        healed = [only_accounts(batch, set_aside) for batch in batches]
        write_work(connection, models, healed, [each for each in new_updates if each.update.account in set_aside])
    write_aliases(connection, (each for batch in batches for updates in batch.accounts.values() for each in updates))


def _switch_version(engine: Engine, name: str, version: int) -> None:
    """The old tables stay until the next rebuild, as processes may still read them."""
    with engine.begin() as connection:
        versions.switch_version(connection, name, version)


def _clear_other_versions(connection: Connection, name: str, version: int) -> None:
    for other in sorted(_existing_versions(connection) - {version}):
        _clear(connection, read_models(other), drop=other != 1)
    for table in (checkpoints, stale_accounts):
        connection.execute(table.delete().where(table.c.projection == name, table.c.version != version))


def _existing_versions(connection: Connection) -> set[int]:
    """All versions with tables, and version 1, whose tables belong to the migrations and are only emptied."""
    tables = inspect(connection).get_table_names()
    return {1} | set(_version_numbers(tables))


def _version_numbers(tables: Iterable[str]) -> Iterator[int]:
    for table in tables:
        if found := re.fullmatch(r"accounts_v(\d+)", table):
            yield int(found[1])


def _clear(connection: Connection, models: ReadModels, *, drop: bool) -> None:
    if drop:
        models.metadata.drop_all(connection)
        return
    for table in models.metadata.sorted_tables:
        connection.execute(table.delete())
