"""Verify: recompute everything from the log and compare it with what is recorded. Reports, repairs nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.comparison import (
    COMPARED_TABLES,
    Mismatch,
    SuppressionCheck,
    compare_rows,
    field_value,
    is_equal,
    selected_fields,
)
from audit.recorded_digests import RecordedDigest, UnreadableUpdate, recorded_digests
from audit.replay import BATCH, Progress, digest, is_scored, records_of
from database import Database
from projections import UNREADABLE, ReadModelQueries, StaleAccount, open_queries, projected_offsets_in, read_stale
from projections.read_models import account_row, profile_columns
from schemas import ENGAGEMENT, EXPIRED, SCORES, SUPPRESSIONS
from scoring.fold import Account, PendingChanges, profile_with_claims
from scoring.plan import Plan
from streams import Log, LogError
from streams.scorer import PartitionFold, account_scored, load_nothing
from streams.sql import ChecksumMismatch, SqlLog


@dataclass(frozen=True)
class VerifyResult:
    accounts: int
    facts: int
    mismatches: list[Mismatch]


def verify(log: Log, engine: Database, *, progress: Progress = lambda _: None) -> VerifyResult:
    """Fold the whole log and compare digests, ledger, stage changes and handoffs, in order."""
    mismatches = list(damaged_records(log)) if isinstance(log, SqlLog) else []
    published_ends = {partition: log.end(SUPPRESSIONS, partition) for partition in range(log.partitions(SUPPRESSIONS))}
    accounts: set[str] = set()
    facts = 0
    with open_queries(engine) as queries:  # one snapshot throughout: a host may be running
        stale = [each for each in read_stale(queries.connection) if each.code != UNREADABLE]
        mismatches += [missing_rows(each) for each in stale]
        suppressions = SuppressionCheck(log, queries, published_ends)
        for partition, end in projected_offsets_in(queries.connection, log).items():
            fold = PartitionFold(partition, load_nothing)
            mismatched = {each.account for each in stale}
            mismatches += compare_partition(log, fold, end, queries, progress, mismatched, suppressions)
            accounts |= set(fold.accounts)
            facts += fold.facts
        mismatches += unexplained_rows(queries, accounts)
        mismatches += suppressions.compare({each.account for each in mismatches})
    return VerifyResult(sum(map(is_scored, accounts)), facts, mismatches)


def missing_rows(stale: StaleAccount) -> Mismatch:
    """An account that the projector set aside because the database refused its values."""
    place = f"{SCORES}/{stale.partition}/{stale.offset}"
    return Mismatch(stale.account, place, "rows", None, f"missing ({stale.code}); `staffel rebuild main` writes them")


AS_WRITTEN = "the record as written (checksum)"


def damaged_records(log: SqlLog) -> Iterator[Mismatch]:
    """Stored facts whose bytes changed since they were written. (Kafka checks its batches at every read.)"""
    for damage in log.verify_checksums(ENGAGEMENT):
        place = f"{ENGAGEMENT}/{damage.partition}/{damage.offset}"
        yield Mismatch(damage.key, place, "stored record", stored_text(log, damage), AS_WRITTEN)


def stored_text(log: Log, damage: ChecksumMismatch) -> str | None:
    """The beginning of the present content; None if it cannot be read."""
    try:
        [record] = log.read(ENGAGEMENT, damage.partition, damage.offset, 1)
    except LogError:
        return None
    return record.value.decode("utf-8", "replace")[:200]


def compare_partition(
    log: Log,
    fold: PartitionFold,
    end: int,
    queries: ReadModelQueries,
    progress: Progress,
    mismatched: set[str],
    suppressions: SuppressionCheck,
) -> Iterator[Mismatch]:
    """Fold up to `end` and compare after each batch, so that memory holds the lines of one batch.

    `mismatched`: accounts that are told of already.
    """
    for number, record in enumerate(records_of(log, fold.partition, end), 1):
        fold.apply(record)
        if number % BATCH == 0:
            progress(BATCH)
            yield from compare_touched(fold, queries, mismatched, suppressions)
    yield from compare_touched(fold, queries, mismatched, suppressions)
    digests = recorded_digests(log, fold.partition)
    for id, account in fold.accounts.items():
        if id not in mismatched:
            yield from compare_digest(digests.get(id), account)
            yield from compare_account(queries, account, fold.plan)


def compare_touched(
    fold: PartitionFold, queries: ReadModelQueries, mismatched: set[str], suppressions: SuppressionCheck
) -> Iterator[Mismatch]:
    """Compare the changes of this batch with the recorded rows; at most one mismatch per account."""
    for id, account in fold.changed_accounts.items():
        outcome, account.pending_changes = account.pending_changes, None
        digest(account)
        if outcome is None:
            continue
        suppressions.add(id, outcome)
        if id in mismatched:
            continue
        mismatch = next(compare_outcome(queries, id, outcome, account.seq), None)
        if mismatch is not None:
            mismatched.add(id)
            yield mismatch
    fold.changed_accounts.clear()


def compare_outcome(queries: ReadModelQueries, id: str, outcome: PendingChanges, seq: int) -> Iterator[Mismatch]:
    computed: dict[str, Sequence[Any]] = {
        "ledger": outcome.lines or [],
        "stage_changes": outcome.stages,
        "handoffs": outcome.handoffs,
        "handoff_steps": outcome.steps,
        "handoff_assignments": outcome.assignments,
    }
    for name, values in computed.items():
        recorded = queries.rows_between(name, id, outcome.after_seq, seq, by=COMPARED_TABLES[name].order_field)
        yield from compare_rows(id, name, recorded, values)


def compare_digest(update: RecordedDigest | UnreadableUpdate | None, account: Account) -> Iterator[Mismatch]:
    """The latest digest in the topic, unless a host has written a later one meanwhile."""
    if isinstance(update, UnreadableUpdate):
        yield Mismatch(account.id, None, "scores", f"cannot be read: {update.why}", "the account's last update")
        return
    if update is not None and update.seq > account.seq:
        return
    recorded, computed = update.digest if update is not None else None, digest(account)
    if recorded != computed:
        yield Mismatch(account.id, None, "scores.digest", recorded, computed)


def compare_account(queries: ReadModelQueries, account: Account, plan: Plan) -> Iterator[Mismatch]:
    """The account row field by field, and the status of its handoffs."""
    row = queries.account(account.id)
    if row is None:
        yield Mismatch(account.id, None, "accounts", None, {"seq": account.seq, "digest": digest(account)})
        return
    computed = account_row(account_scored(account, PendingChanges(account.seq, False), plan))
    computed |= profile_columns(profile_with_claims(account)) if account.profile or account.claimed_domains else {}
    for field, value in computed.items():
        if not is_equal(getattr(row, field), value):
            yield Mismatch(account.id, None, f"accounts.{field}", getattr(row, field), value)
            return
    if any(track.crossings for track in account.tracks):
        yield from compare_handoff_status(queries, account.id)


def compare_handoff_status(queries: ReadModelQueries, id: str) -> Iterator[Mismatch]:
    """The status of handoffs must follow from their last steps and assignments, which are compared already."""
    for row in queries.handoffs(account=id):
        computed = handoff_status_after(queries.steps(row.handoff)) | assigned_after(queries.assignments(row.handoff))
        for field, value in computed.items():
            if getattr(row, field) != value:
                yield Mismatch(id, row.handoff, f"handoffs.{field}", getattr(row, field), value)


def handoff_status_after(steps: Sequence[Any]) -> dict[str, Any]:
    columns = {"status": "proposed", "by": None, "reason": None, "note": None, "opportunity": None}
    if steps:
        columns = {field: getattr(steps[-1], field) for field in columns}
    numbered = sum(step.status != EXPIRED for step in steps)
    return {**columns, "steps": numbered, "late": any(step.late for step in steps)}


def assigned_after(assignments: Sequence[Any]) -> dict[str, Any]:
    last = assignments[-1] if assignments else None
    return {"assigned_to": last and last.to, "assigned_by": last and last.by}


def unexplained_rows(queries: ReadModelQueries, account_ids: set[str]) -> Iterator[Mismatch]:
    """Recorded accounts and rows that no fact in the log accounts for."""
    for row in queries.accounts():
        if row.account not in account_ids:
            yield Mismatch(row.account, None, "accounts", {"seq": row.seq, "digest": row.digest}, None)
    for name, compared in COMPARED_TABLES.items():
        for row in queries.orphan_rows(name, compared.order_field):
            yield Mismatch(
                row.account,
                str(field_value(row, compared.fact_field)),
                name,
                selected_fields(row, compared.fields),
                None,
            )
