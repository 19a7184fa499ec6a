"""The scorer of one partition: reads facts, folds them, writes one atomic unit. Never acts on the world."""

from schemas.scores import CHECKPOINT_KEY, decode_account_scored, decode_checkpoint, decode_contact_scored
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, SCORES
from scoring.fold import codec
from scoring.fold.state import Account
from scoring.plan.plan import Plan
from streams.log import KeyedLog, Record, Unit, scan
from streams.scorer.deduplication import WINDOW_SIZE
from streams.scorer.partition_fold import PartitionFold
from streams.scorer.score_records import checkpoint, dead_letter, take_score_records

BATCH_SIZE = 20_000


class Scorer:
    """A step of a host. What it holds in memory follows from the log; whatever goes wrong, it is read again."""

    def __init__(self, log: KeyedLog, partition: int, batch: int = BATCH_SIZE, window: int = WINDOW_SIZE) -> None:
        self.name = f"scorer {partition}"
        self.partition = partition
        self._log = log
        self._batch = batch
        self._window = window
        self._fold: PartitionFold | None = None
        self._next = 0

    def advance(self) -> int:
        """Fold the next batch; answers how many records were read."""
        fold = self._cached_fold() or self._recover()
        records = self._log.read(ENGAGEMENT, self.partition, self._next, self._batch)
        if not records:
            return 0
        self._fold = None  # until the unit is durable, memory runs ahead of the log
        unit = build_unit(fold, records, self._next)
        self._log.append_unit(unit)
        self._fold, self._next = fold, unit.next
        return len(records)

    def _cached_fold(self) -> PartitionFold | None:
        """What memory holds, unless another process hosted meanwhile and went on from here."""
        if self._fold is None or self._log.position(self.partition) != self._next:
            return None
        return self._fold

    def _recover(self) -> PartitionFold:
        self._next = self._log.position(self.partition)
        self._fold = recover_fold(self._log, self.partition, self._next, self._window)
        return self._fold


def build_unit(fold: PartitionFold, records: list[Record], start: int) -> Unit:
    """Fold the records and gather what they changed."""
    rejected = [refusal for record in records if (refusal := fold.apply(record)) is not None]
    scores = [new for account in fold.changed_accounts.values() for new in take_score_records(account, fold.plan)]
    fold.changed_accounts.clear()
    next_offset = records[-1].offset + 1
    scores.append(checkpoint(next_offset, fold.model_offset, fold.latest_time))
    dead_letters = [dead_letter(fold.partition, refusal) for refusal in rejected]
    return Unit(fold.partition, start, next_offset, scores, dead_letters)


def recover_fold(log: KeyedLog, partition: int, next_offset: int, window: int = WINDOW_SIZE) -> PartitionFold:
    """The partition as of its position: its model, its duplicate window; accounts are loaded when asked for."""
    fold = PartitionFold(partition, lambda id, plan: load_account(log, id, plan, next_offset), window=window)
    last = log.latest_in(SCORES, partition, CHECKPOINT_KEY)
    if last is not None:
        stored_checkpoint = decode_checkpoint(last.value)
        fold.latest_time = None if stored_checkpoint.latest is None else parse_time(stored_checkpoint.latest)
        if stored_checkpoint.model_at is not None:
            fold.activate(*log.read(ENGAGEMENT, partition, stored_checkpoint.model_at, 1))
    if not log.unique_ids:
        fill_window(fold, log, next_offset)
    return fold


def fill_window(fold: PartitionFold, log: KeyedLog, next_offset: int) -> None:
    """Rebuild the duplicate window from the records before the position."""
    start = max(0, next_offset - fold.window.size)
    for record in scan(log, ENGAGEMENT, fold.partition, start, next_offset, BATCH_SIZE):
        fold.mark_seen(record)


def load_account(log: KeyedLog, id: str, plan: Plan, before: int) -> Account | None:
    """The account of its last records with all its contacts; of another fold or model it is folded again."""
    records = {record.key: record for record in log.latest_below(SCORES, id)}
    own = records.pop(id, None)
    if own is None:
        return None
    scored = decode_account_scored(own.value)
    account = codec.decode_account(bytes(scored.state), plan) if scored.model == plan.version else None
    if account is None:
        return refold_account(log, id, plan, before)
    for record in records.values():
        contact = codec.decode_contact(bytes(decode_contact_scored(record.value).state), plan)
        account.contacts[contact.id] = contact
    return account


def refold_account(log: KeyedLog, id: str, plan: Plan, before: int) -> Account:
    """The account's own history through the fold, up to the position."""
    fold = PartitionFold(0, load_nothing, plan=plan)
    for record in log.history(id):
        if record.offset < before:
            fold.apply(record)
    account = fold.account(id)
    list(take_score_records(account, plan))
    return account


def load_nothing(id: str, plan: Plan) -> None:
    """Every account begins anew."""
