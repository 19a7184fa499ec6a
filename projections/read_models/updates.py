"""Reads score updates: groups records of `scores` by account, and finds which of them are new.

Never believes that an update comes once, or that it comes cut as it was before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from schemas import (
    CHECKPOINT_KEY,
    AccountScored,
    ContactScored,
    decode_account_scored,
    decode_checkpoint,
    decode_contact_scored,
)
from streams import Record

DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


class MissingUpdates(Exception):
    """Updates of an account are missing: the read models are at `after_seq`, the next update starts at `seq`."""

    def __init__(self, account: str, after_seq: int, seq: int) -> None:
        super().__init__(f"updates of {account} from seq {after_seq} to {seq} are missing; replay engagement")
        self.account, self.after_seq, self.seq = account, after_seq, seq


@dataclass(frozen=True, slots=True)
class UpdateBatch:
    """Updates of one partition in log order, and the newest record of each contact.

    `engagement_next`: the offset of `engagement` up to which they go, 0 if the batch has no checkpoint record.
    """

    accounts: Mapping[str, Sequence[AccountScored]]
    contacts: Sequence[ContactScored]
    partition: int = 0
    next_offset: int = 0
    engagement_next: int = 0
    unreadable: Sequence[tuple[int, str]] = ()
    """Offset and key of the records that are no updates."""

    def __len__(self) -> int:
        return sum(map(len, self.accounts.values())) + len(self.contacts)


ScoreUpdate = AccountScored | ContactScored
Replay = Callable[[int], Iterable[ScoreUpdate]]
"""All updates of a partition from a replay of `engagement`: from its first fact to its end, in order, without gaps."""


@dataclass(slots=True)
class _BatchBuilder:
    accounts: dict[str, list[AccountScored]] = field(default_factory=dict)
    contacts: dict[tuple[str, str], ContactScored] = field(default_factory=dict)
    engagement_next: int = 0
    unreadable: list[tuple[int, str]] = field(default_factory=list)

    def add_record(self, key: str, value: bytes) -> None:
        if "/" in key:
            self.add_contact(decode_contact_scored(value))
        elif key == CHECKPOINT_KEY:
            # A scorer that was paused may write an older checkpoint late.
            self.engagement_next = max(self.engagement_next, decode_checkpoint(value).next)
        else:
            self.add_account(decode_account_scored(value))

    def add_account(self, scored: AccountScored) -> None:
        self.accounts.setdefault(scored.account, []).append(scored)

    def add_contact(self, scored: ContactScored) -> None:
        key = scored.account, scored.contact
        known = self.contacts.get(key)
        if known is None or known.seq < scored.seq:
            self.contacts[key] = scored

    def build(self, partition: int, next_offset: int = 0) -> UpdateBatch:
        contacts = list(self.contacts.values())
        return UpdateBatch(self.accounts, contacts, partition, next_offset, self.engagement_next, self.unreadable)


def read_batch(partition: int, records: Sequence[Record]) -> UpdateBatch:
    """The records of one partition, at least one."""
    builder = _BatchBuilder()
    for record in records:
        try:
            builder.add_record(record.key, record.value)
        except DECODE_ERRORS:  # only Staffel writes there; whatever else does must not stop the others
            builder.unreadable.append((record.offset, record.key))
    return builder.build(partition, records[-1].offset + 1)


def replayed_batches(partition: int, scored: Iterable[ScoreUpdate], size: int) -> Iterator[UpdateBatch]:
    """Replayed updates of one partition in batches; they have no offsets."""
    remaining = iter(scored)
    while portion := list(islice(remaining, size)):
        builder = _BatchBuilder()
        for each in portion:
            if isinstance(each, AccountScored):
                builder.add_account(each)
            else:
                builder.add_contact(each)
        yield builder.build(partition)


class UnseenUpdate(NamedTuple):
    """An update, and the seq that the read models have before it: its changes beyond `known_seq` are new."""

    known_seq: int
    update: AccountScored


def unseen_updates(updates: Iterable[AccountScored], seq: int) -> list[UnseenUpdate]:
    """The updates that go beyond `seq`, lowest first. Raises `MissingUpdates` if there is a gap between them."""
    result: list[UnseenUpdate] = []
    last_seq = seq
    for update in sorted(updates, key=attrgetter("after_seq")):
        if update.seq <= last_seq:
            continue
        if update.after_seq > last_seq:
            raise MissingUpdates(update.account, last_seq, update.after_seq)
        result.append(UnseenUpdate(last_seq, update))
        last_seq = update.seq
    return result


class _HasSeq(Protocol):
    @property
    def seq(self) -> int: ...


Change = TypeVar("Change", bound=_HasSeq)


def numbered_changes(changes: Iterable[Change], seq: int) -> Iterable[tuple[int, Change]]:
    """The changes beyond `seq`, each numbered among those of its own seq, however the scorer cut them into updates."""
    last, n = seq, 0
    for change in changes:
        if change.seq > seq:
            n = n + 1 if change.seq == last else 0
            last = change.seq
            yield n, change
