"""What both hosts of the scorer share: the records of a unit, and the recovery of a partition's fold.

A unit holds the score records of all changed accounts and the checkpoint that goes with them. A fold is recovered from
the last checkpoint: the model is read again at its offset, and the duplicate window from the facts before the position.
"""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from schemas import Checkpoint, decode_contact_scored, parse_time
from scoring.fold import Account, decode_account, decode_contact
from scoring.plan import Plan
from streams.log import NewRecord
from streams.scorer.deduplication import WINDOW_SIZE
from streams.scorer.partition_fold import AccountLoader, PartitionFold
from streams.scorer.score_records import checkpoint_record, take_score_records

Span = tuple[int, int]
"""Offsets of a partition: the first, and the one after the last."""


def unit_records(fold: PartitionFold, next_offset: int, log_id: str | UnsetType = UNSET) -> list[NewRecord]:
    """The score records of the changed accounts, the checkpoint last."""
    records = [new for account in fold.changed_accounts.values() for new in take_score_records(account, fold.plan)]
    records.append(checkpoint_record(next_offset, fold.model.offset, fold.latest_time, log_id))
    return records


def restored_fold(
    partition: int, load_account: AccountLoader, checkpoint: Checkpoint | None, window: int = WINDOW_SIZE
) -> PartitionFold:
    """The fold as of a checkpoint, before its model and its duplicate window are read again."""
    fold = PartitionFold(partition, load_account, window=window)
    if checkpoint is not None and checkpoint.latest is not None:
        fold.latest_time = parse_time(checkpoint.latest)
    return fold


def model_span(checkpoint: Checkpoint | None) -> Span | None:
    """Where the activation record is; None if no model was active at the checkpoint."""
    if checkpoint is None or checkpoint.model_at is None:
        return None
    return checkpoint.model_at, checkpoint.model_at + 1


def window_span(fold: PartitionFold, position: int) -> Span:
    """The facts before the position whose ids the duplicate window knows."""
    return max(0, position - fold.window.size), position


def account_of_records(state: bytes, contacts: Iterable[bytes], plan: Plan) -> Account | None:
    """An account of its state and its contacts' records; None if another version of the fold wrote the state."""
    account = decode_account(state, plan)
    if account is None:
        return None
    largest = 0
    for value in contacts:
        contact = decode_contact(bytes(decode_contact_scored(value).state), plan)
        account.contacts[contact.id] = contact
        largest = max(largest, len(value))
    account.size_bound = 2 * (len(state) + largest)
    return account
