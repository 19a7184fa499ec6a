"""The scorer of one partition in the embedded host: reads facts, folds them, writes an atomic unit."""

from collections.abc import Iterable

from schemas import ENGAGEMENT, SCORES, decode_account_scored
from scoring.fold import Account
from scoring.plan import Plan
from streams.log import KeyedLog, Record, Unit, scan
from streams.scorer.active_model import DECODE_ERRORS, RejectedRecord, last_checkpoint
from streams.scorer.deduplication import WINDOW_SIZE
from streams.scorer.partition_fold import PartitionFold
from streams.scorer.score_records import dead_letter, take_score_records
from streams.scorer.unit import account_of_records, model_span, restored_fold, unit_records, window_span

BATCH_SIZE = 20_000


class Scorer:
    """A step of the host. Its memory can be rebuilt from the log, which happens after every error."""

    def __init__(self, log: KeyedLog, partition: int, batch: int = BATCH_SIZE, window: int = WINDOW_SIZE) -> None:
        self.name = f"scorer {partition}"
        self.partition = partition
        self._log = log
        self._batch = batch
        self._window = window
        self._fold: PartitionFold | None = None
        self._folding: PartitionFold | None = None
        self._next = 0

    def advance(self) -> int:
        """Fold the next batch; returns the number of records read."""
        fold = self._cached_fold() or self._recover()
        records = self._log.read(ENGAGEMENT, self.partition, self._next, self._batch)
        if not records:
            return 0
        self._fold = None  # memory is ahead of the log until the unit is durable
        self._folding = fold
        keys = {record.key for record in records} - fold.accounts.keys()
        # One query for the batch: most accounts of an import are new.
        fold.new_accounts = keys - self._log.latest(SCORES, list(keys)).keys() if keys else set()
        unit = build_unit(fold, records, self._next)
        self._log.append_unit(unit)
        self._fold, self._next = fold, unit.next
        return len(records)

    def place(self) -> str:
        """The record that could not be folded, else the next one to read, as `topic/partition/offset`."""
        failed_at = self._folding.failed_at if self._folding is not None else None
        return f"{ENGAGEMENT}/{self.partition}/{self._next if failed_at is None else failed_at}"

    def _cached_fold(self) -> PartitionFold | None:
        """The fold in memory, unless another process has moved the position in the meantime."""
        if self._fold is None or self._log.position(self.partition) != self._next:
            return None
        return self._fold

    def _recover(self) -> PartitionFold:
        self._next = self._log.position(self.partition)
        self._fold = recover_fold(self._log, self.partition, self._next, self._window)
        return self._fold


def apply_all(fold: PartitionFold, records: list[Record]) -> list[RejectedRecord]:
    """Fold the records; returns those that were rejected. The fold knows at which offset it failed, if it did."""
    rejected = []
    record = records[0]
    try:
        for record in records:
            rejection = fold.apply(record)
            if rejection is not None:
                rejected.append(rejection)
    except Exception:
        fold.failed_at = record.offset
        raise
    return rejected


def build_unit(fold: PartitionFold, records: list[Record], start: int) -> Unit:
    """Fold the records and collect what they changed."""
    rejected = apply_all(fold, records)
    next_offset = records[-1].offset + 1
    scores = unit_records(fold, next_offset)
    fold.changed_accounts.clear()
    dead_letters = [dead_letter(fold.partition, rejection) for rejection in rejected]
    return Unit(fold.partition, start, next_offset, scores, dead_letters)


def recover_fold(log: KeyedLog, partition: int, next_offset: int, window: int = WINDOW_SIZE) -> PartitionFold:
    """The partition as of its position: its model and its duplicate window; accounts are loaded on demand."""
    checkpoint = last_checkpoint(log, partition)
    fold = restored_fold(partition, lambda id, plan: load_account(log, id, plan, next_offset), checkpoint, window)
    span = model_span(checkpoint)
    if span is not None:
        for record in scan(log, ENGAGEMENT, partition, *span, batch=1):
            fold.model.activate(record)
    if not log.unique_ids:
        for record in scan(log, ENGAGEMENT, partition, *window_span(fold, next_offset), BATCH_SIZE):
            fold.mark_seen(record)
    return fold


def load_account(log: KeyedLog, id: str, plan: Plan, before: int) -> Account | None:
    """The account of its last records with all its contacts.

    Folded again if another model or fold wrote them, or if one of them is not the scorer's.
    """
    records = {record.key: record.value for record in log.latest_below(SCORES, id)}
    if not records:
        return None
    account = stored_account(records.pop(id, None), records.values(), plan)
    return account or refold_account(log, id, plan, before)


def stored_account(own: bytes | None, contacts: Iterable[bytes], plan: Plan) -> Account | None:
    """The account of its records; None if it has to be folded again."""
    if own is None:
        return None
    try:
        scored = decode_account_scored(own)
        return account_of_records(bytes(scored.state), contacts, plan) if scored.model == plan.version else None
    except (*DECODE_ERRORS, LookupError, TypeError):  # written by something else than a scorer
        return None


def refold_account(log: KeyedLog, id: str, plan: Plan, before: int) -> Account | None:
    """Fold the account's own history, up to the position; None if it has none."""
    fold = PartitionFold(0, load_nothing, plan=plan)
    for record in log.history(id):
        if record.offset < before:
            fold.apply(record)
    account = fold.accounts.get(id)
    if account is not None:
        list(take_score_records(account, plan))
    return account


def load_nothing(id: str, plan: Plan) -> None:
    """An account loader for folds that begin with the first record: every account is new."""
