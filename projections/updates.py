"""Reading score updates: records of `scores` sorted by account, and what of them is new. Pure.

Never believes that an update comes once, or that it comes cut as it was before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeVar

from schemas.scores import (
    CHECKPOINT_KEY,
    AccountScored,
    ContactScored,
    decode_account,
    decode_checkpoint,
    decode_contact,
)
from streams.log import Record


class Hole(Exception):
    """Updates of an account are missing: the read models hold `after_seq`, the next update starts at `seq`."""

    def __init__(self, account: str, after_seq: int, seq: int) -> None:
        super().__init__(f"updates of {account} from seq {after_seq} to {seq} are missing; replay engagement")
        self.account, self.after_seq, self.seq = account, after_seq, seq


@dataclass(frozen=True, slots=True)
class Batch:
    """Updates of one partition in the order of the log; contacts: the newest record of each."""

    accounts: Mapping[str, Sequence[AccountScored]]
    contacts: Sequence[ContactScored]
    partition: int = 0
    next_offset: int = 0
    engagement_next: int | None = None


Fill = Callable[[str, int, int], Sequence[AccountScored]]
"""Updates of an account from after one seq up to another, by a replay of `engagement`."""


@dataclass(slots=True)
class _Reading:
    accounts: dict[str, list[AccountScored]] = field(default_factory=dict)
    contacts: dict[str, ContactScored] = field(default_factory=dict)
    engagement_next: int | None = None

    def take(self, key: str, value: bytes) -> None:
        if key == CHECKPOINT_KEY:
            self.engagement_next = decode_checkpoint(value).next
        elif "/" in key:
            self._take_contact(key, decode_contact(value))
        else:
            self.accounts.setdefault(key, []).append(decode_account(value))

    def _take_contact(self, key: str, scored: ContactScored) -> None:
        known = self.contacts.get(key)
        if known is None or known.seq < scored.seq:
            self.contacts[key] = scored


def read_batch(partition: int, records: Sequence[Record]) -> Batch:
    """The records of one partition, at least one."""
    reading = _Reading()
    for record in records:
        reading.take(record.key, record.value)
    contacts = list(reading.contacts.values())
    return Batch(reading.accounts, contacts, partition, records[-1].offset + 1, reading.engagement_next)


class Fresh(NamedTuple):
    """An update and the seq that is known before it: of its changes those beyond `known` are new."""

    known: int
    update: AccountScored


def unseen(updates: Iterable[AccountScored], seq: int) -> list[Fresh]:
    """The updates that go beyond `seq`, lowest first. Raises `Hole` where one between them is missing."""
    fresh: list[Fresh] = []
    reached = seq
    for update in sorted(updates, key=attrgetter("after_seq")):
        if update.seq <= reached:
            continue
        if update.after_seq > reached:
            raise Hole(update.account, reached, update.after_seq)
        fresh.append(Fresh(reached, update))
        reached = update.seq
    return fresh


def mended(batch: Batch, known: Mapping[str, int], fill: Fill | None) -> Batch:
    """The batch without holes. Raises `Hole` where `fill` does not bring what is missing."""
    return replace(batch, accounts={a: _mended(u, known.get(a, 0), fill) for a, u in batch.accounts.items()})


def _mended(updates: Sequence[AccountScored], seq: int, fill: Fill | None) -> Sequence[AccountScored]:
    try:
        unseen(updates, seq)
    except Hole as hole:
        brought = fill(hole.account, hole.after_seq, hole.seq) if fill else ()
        if max((update.seq for update in brought), default=0) < hole.seq:
            raise
        return _mended([*brought, *updates], seq, fill)
    return updates


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


Change = TypeVar("Change", bound=_Numbered)


def numbered(changes: Iterable[Change], seq: int) -> Iterable[tuple[int, Change]]:
    """The changes beyond `seq`, each with its place among those of its own seq: however updates were cut, the same."""
    last, n = seq, 0
    for change in changes:
        if change.seq > seq:
            n = n + 1 if change.seq == last else 0
            last = change.seq
            yield n, change
