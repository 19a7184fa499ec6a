"""Replay: fold the log again, with the models in it or with another one. Only reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas import ENGAGEMENT, AccountScored, ContactScored, decode_account_scored, decode_contact_scored, parse_time
from scoring.fold import ANONYMOUS_PREFIX, Account, digest_of, encode_account, update_contact_hash
from scoring.plan import DecodedFact, Plan
from streams import Log, Record, scan
from streams.scorer import FactFilter, PartitionFold, gc_frozen, load_nothing, take_score_records

BATCH = 5_000
Progress = Callable[[int], object]


@dataclass(frozen=True)
class ReplayResult:
    """Accounts by ID, except anonymous ones, with their pending changes; `latest`: the latest fact time."""

    accounts: dict[str, Account]
    plan: Plan
    latest: int
    facts: int


def recorded_within(since: int | None = None, until: int | None = None) -> FactFilter:
    """Filter: facts recorded from `since` to `until` (milliseconds, inclusive)."""
    if since is None and until is None:
        return accept_all

    def accept(fact: DecodedFact) -> bool:
        recorded_at = parse_time(fact.recordedtime or fact.time)
        return (since is None or recorded_at >= since) and (until is None or recorded_at <= until)

    return accept


def accept_all(fact: DecodedFact) -> bool:
    return True


def records_of(log: Log, partition: int, end_offset: int | None = None) -> Iterator[Record]:
    """The partition's records in order, up to `end_offset` or its end at the time of the call."""
    end = log.end(ENGAGEMENT, partition) if end_offset is None else end_offset
    return scan(log, ENGAGEMENT, partition, 0, end, BATCH)


def fold_partition(
    log: Log,
    partition: int,
    plan: Plan | None = None,
    accept: FactFilter = accept_all,
    *,
    keep_lines: bool = False,
    progress: Progress = lambda _: None,
) -> PartitionFold:
    """Fold one partition from the first fact to the end."""
    fold = PartitionFold(partition, load_nothing, keep_lines, plan, None if accept is accept_all else accept)
    for number, record in enumerate(records_of(log, partition), 1):
        fold.apply(record)
        if number % BATCH == 0:
            progress(BATCH)
    return fold


def replay(
    log: Log,
    plan: Plan | None = None,
    accept: FactFilter = accept_all,
    *,
    keep_lines: bool = False,
    progress: Progress = lambda _: None,
) -> ReplayResult:
    """Fold the whole log, partition by partition, with `plan` or the models in the log."""
    with gc_frozen():
        folds = [
            fold_partition(log, partition, plan, accept, keep_lines=keep_lines, progress=progress)
            for partition in range(log.partitions(ENGAGEMENT))
        ]
    accounts = {id: account for fold in folds for id, account in fold.accounts.items() if is_scored(id)}
    latest = max((fold.latest_time for fold in folds if fold.latest_time is not None), default=0)
    return ReplayResult(accounts, folds[0].plan, latest, sum(fold.facts for fold in folds))


def is_scored(account: str) -> bool:
    return not account.startswith(ANONYMOUS_PREFIX)


def digest(account: Account) -> str:
    """The digest of the account in its present state."""
    for contact in account.dirty_contacts:
        contact.dirty = False
        update_contact_hash(account, contact)
    account.dirty_contacts = []
    return digest_of(encode_account(account))


def fold_account(log: Log, id: str, plan: Plan, accept: FactFilter = accept_all) -> Account | None:
    """Fold one account's history and keep all its changes; None if no fact is accepted."""
    fold = PartitionFold(0, load_nothing, plan=plan, fact_filter=accept)
    for record in log.history(id):
        fold.apply(record)
    return fold.accounts.get(id)


def recomputed_updates(log: Log, partition: int, batch_size: int = BATCH) -> Iterator[AccountScored | ContactScored]:
    """The updates a scorer with this batch size would write, for a projection that is rebuilt."""
    fold = PartitionFold(partition, load_nothing)
    end = log.end(ENGAGEMENT, partition)
    for number, record in enumerate(records_of(log, partition, end), 1):
        fold.apply(record)
        if number % batch_size == 0:
            yield from drain_updates(fold)
    yield from drain_updates(fold)


def drain_updates(fold: PartitionFold) -> Iterator[AccountScored | ContactScored]:
    for account in fold.changed_accounts.values():
        for record in take_score_records(account, fold.plan):
            yield (
                decode_account_scored(record.value) if record.key == account.id else decode_contact_scored(record.value)
            )
    fold.changed_accounts.clear()
