"""Scoring as the task of a worker: the scorer of a partition on Kafka.

Accounts are kept as the bytes of their last records and decoded when a fact changes them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import UNSET

from schemas import (
    ACCOUNT_SCORED,
    CHECKPOINT,
    CHECKPOINT_KEY,
    CONTACT_SCORED,
    DEAD_LETTERS,
    ENGAGEMENT,
    SCORES,
    Checkpoint,
    dead_letter_headers,
    decode_checkpoint,
)
from scoring.fold import Account, PendingChanges
from streams.activation import NoModelError
from streams.kafka.address import KafkaAddress
from streams.log import LogRefused, Record
from streams.scorer.active_model import RejectedRecord
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import AdmittedFact, PartitionFold, read_fact
from streams.scorer.unit import model_span, restored_fold, unit_records, window_span
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, SourceReader, StoredState
from streams.worker.state_store import StateStore
from streams.worker.units import DeadLetter, KeyValue, UnitBatch, size_of, split_batches

_SEQ_FIELD, _NEXT_FIELD = b'"seq":', b'"next":'
_TYPE_PREFIXES = [b'{"type":"%s",' % type_.encode() for type_ in (ACCOUNT_SCORED, CONTACT_SCORED, CHECKPOINT)]
"""How the records of accounts, contacts and positions begin."""
_FILL_RATIO = 0.8
"""The intended share of a unit's largest size, because facts differ."""
_INITIAL_BYTES_PER_FACT = 2_000
"""Estimated bytes of a unit per fact, before the first unit."""


class UnitTooLargeError(Exception):
    """The changes of one fact do not fit into a record batch, though the account's size is limited to less."""


class ScoringTask:
    """The scoring of `engagement`; `log_id` is the topic's id, which changes if the topic is created again."""

    checkpoint_key = CHECKPOINT_KEY.encode()

    def __init__(self, address: KafkaAddress, log_id: str, options: WorkerOptions, counters: WorkerCounters) -> None:
        self.group = address.topic_name("staffel-workers")
        self.source, self.output = address.topic_name(ENGAGEMENT), address.topic_name(SCORES)
        self.dead_letters = address.topic_name(DEAD_LETTERS)
        self._log_id, self._options, self._counters = log_id, options, counters

    def order(self, key: bytes, value: bytes) -> int:
        """The seq of a record of an account or a contact; the position of a checkpoint.

        The bytes are searched for the field: within a JSON string its quotation marks would be escaped.
        """
        is_checkpoint = key == self.checkpoint_key
        if not value.startswith(_TYPE_PREFIXES[2 if is_checkpoint else b"/" in key]):
            raise ValueError("no worker wrote this record")
        name = _NEXT_FIELD if is_checkpoint else _SEQ_FIELD
        start = value.index(name) + len(name)
        return int(value[start : value.index(b",", start)])

    def partition_task(self, partition: int, stored: StoredState) -> "PartitionScoringTask":
        checkpoint = None if stored.checkpoint is None else decode_checkpoint(stored.checkpoint)
        if checkpoint is not None and checkpoint.log not in (UNSET, self._log_id):
            raise LogRefused(
                f"{self.output} was computed from another {self.source} (topic id {checkpoint.log}; now it is "
                f"{self._log_id}): the log was recreated. Restore it, or create all topics again together"
            )
        return PartitionScoringTask(partition, stored, checkpoint, self._log_id, self._options, self._counters)


class PartitionScoringTask:
    """The scoring of one partition; its state is as of `next`."""

    def __init__(
        self,
        partition: int,
        stored: StoredState,
        stored_checkpoint: Checkpoint | None,
        log_id: str,
        options: WorkerOptions,
        counters: WorkerCounters,
    ) -> None:
        self.partition = partition
        self.next = 0 if stored_checkpoint is None else stored_checkpoint.next
        self._stored_checkpoint, self._log_id = stored_checkpoint, log_id
        self._options, self._counters = options, counters
        self._state_store = StateStore(stored.values)
        self._lost_accounts = self._state_store.drop_incomplete(stored.lost_keys)
        self._bytes_per_fact = float(_INITIAL_BYTES_PER_FACT)
        self._fold = restored_fold(partition, self._state_store.load, stored_checkpoint, options.window)

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        """Recover model and duplicate window. If another fold or model wrote the state, fold everything again."""
        span = model_span(self._stored_checkpoint)
        if span is None:
            return []
        async for records in read(*span):
            for record in records:
                self._fold.model.activate(as_record(record))
        if self._state_store.has_outdated(self._fold.plan):
            return await self._refold(read)
        async for records in read(*window_span(self._fold, self.next)):
            for record in records:
                self._fold.mark_seen(as_record(record))
        return await self._refold_accounts(read, self._lost_accounts) if self._lost_accounts else []

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        duplicates = self._fold.duplicates
        admitted, dead_letters = self._admit_all(records)
        self._counters.duplicates += self._fold.duplicates - duplicates
        done = 0
        while done < len(admitted) or dead_letters or self.next < next:
            part = admitted[done : done + self._facts_per_unit()]
            done += len(part)
            until = next if done == len(admitted) else part[-1].record.offset + 1
            yield from self._units(part, until, dead_letters)
            dead_letters = []

    def _admit_all(self, records: Sequence[FetchedRecord]) -> tuple[list[AdmittedFact], list[DeadLetter]]:
        admitted: list[AdmittedFact] = []
        dead_letters: list[DeadLetter] = []
        for fetched in records:
            answer = self._admit_record(as_record(fetched))
            if isinstance(answer, AdmittedFact):
                admitted.append(answer)
            elif answer is not None:
                dead_letters.append(dead_letter_of(self.partition, fetched.key, answer))
        return admitted, dead_letters

    def _admit_record(self, record: Record) -> AdmittedFact | RejectedRecord | None:
        try:
            return self._fold.admit(record)
        except NoModelError as missing:
            raise LogRefused(f"{missing}; run `staffel topics create` first") from None

    def _facts_per_unit(self) -> int:
        """The number of facts for one unit."""
        return max(1, int(self._options.unit_bytes * _FILL_RATIO / self._bytes_per_fact))

    def _units(
        self, facts: Sequence[AdmittedFact], until: int, dead_letters: Sequence[DeadLetter]
    ) -> Iterator[UnitBatch]:
        """One unit; if it is too large, the units of both halves."""
        latest = self._fold.latest_time
        too_large = [rejected for fact in facts if (rejected := self._fold.fold_admitted(fact)) is not None]
        records = self._unit_records(until)
        size = size_of(records)
        if size > self._options.unit_bytes and len(facts) > 1:
            self._roll_back(latest)
            yield from self._split_units(facts, until, dead_letters)
            return
        if size > self._options.largest_unit:
            raise UnitTooLargeError(self._too_large_message(facts[0], size))
        self._bytes_per_fact += (size / max(1, len(facts)) - self._bytes_per_fact) * 0.3
        self._store_records(records)
        self.next = until
        own = (dead_letter_of(self.partition, rejected.record.key.encode(), rejected) for rejected in too_large)
        yield UnitBatch(until, records, [*dead_letters, *own], len(facts) - len(too_large))

    def _unit_records(self, until: int) -> list[KeyValue]:
        return [(new.key.encode(), new.value) for new in unit_records(self._fold, until, self._log_id)]

    def _split_units(
        self, facts: Sequence[AdmittedFact], until: int, dead_letters: Sequence[DeadLetter]
    ) -> Iterator[UnitBatch]:
        self._counters.unit_splits += 1
        reread = [fact._replace(fact=read_fact(fact.record.value, self._fold.plan)) for fact in facts]
        half = len(reread) // 2
        yield from self._units(reread[:half], reread[half - 1].record.offset + 1, dead_letters)
        yield from self._units(reread[half:], until, ())

    def _roll_back(self, latest: int | None) -> None:
        """Discard the changes of a unit: accounts are loaded again from their last records."""
        for id in self._fold.changed_accounts:
            del self._fold.accounts[id]
        self._fold.changed_accounts.clear()
        self._fold.latest_time = latest

    def _store_records(self, records: Sequence[KeyValue]) -> None:
        self._fold.changed_accounts.clear()
        self._state_store.put(records[:-1])
        if len(self._fold.accounts) > self._options.max_decoded_accounts:
            self._fold.accounts.clear()

    async def _refold(self, read: SourceReader) -> Sequence[UnitBatch]:
        """Fold all facts before the position again and write every account."""
        self._counters.refolds += 1
        self._state_store = StateStore({})
        window = self._options.window
        fold = self._fold = PartitionFold(self.partition, self._state_store.load, keep_lines=False, window=window)
        async for records in read(0, self.next):
            for record in records:
                fold.apply(as_record(record))
            for account in fold.changed_accounts.values():
                account.pending_changes = None
            fold.changed_accounts.clear()
        fold.keep_lines = True
        return self._rewrite(fold.accounts)

    async def _refold_accounts(self, read: SourceReader, ids: Collection[str]) -> Sequence[UnitBatch]:
        """Fold the accounts whose records are lost again, and write them."""
        self._counters.refolded_accounts += len(ids)
        fold = PartitionFold(self.partition, load_nothing, False, self._fold.plan, window=self._options.window)
        keys = {id.encode() for id in ids}
        async for records in read(0, self.next):
            for record in records:
                if record.key in keys:
                    fold.apply(as_record(record))
        self._fold.accounts.update(fold.accounts)
        return self._rewrite(fold.accounts)

    def _rewrite(self, accounts: Mapping[str, Account]) -> Sequence[UnitBatch]:
        """Units with these accounts and all their contacts, without changes."""
        for id, account in accounts.items():
            account.pending_changes = PendingChanges(account.seq)
            account.dirty_contacts = list(account.contacts.values())
            self._fold.changed_accounts[id] = account
        *pairs, last = self._unit_records(self.next)
        self._store_records([*pairs, last])
        batches = split_batches(pairs, last, self._options.unit_bytes)
        return [UnitBatch(self.next, batch) for batch in batches]

    def _too_large_message(self, fact: AdmittedFact, size: int) -> str:
        return (
            f"the fact at offset {fact.record.offset} of partition {self.partition} of {ENGAGEMENT} changes {size} "
            f"bytes of account {fact.record.key!r}; a record batch of {SCORES} may have "
            f"{self._options.largest_unit}: raise max.message.bytes of the topic and the worker's largest unit"
        )


def as_record(fetched: FetchedRecord) -> Record:
    """The record as workers and replays fold it; a missing key or value is empty."""
    key = (fetched.key or b"").decode("utf-8", "replace")
    return Record(fetched.offset, key, fetched.value or b"", fetched.headers)


def dead_letter_of(partition: int, key: bytes | None, rejected: RejectedRecord) -> DeadLetter:
    """A reference to the record, with the reason in its headers; `key`: as it was on the broker."""
    record = rejected.record
    place = (ENGAGEMENT, partition, record.offset)
    headers = dead_letter_headers(*place, code=rejected.code, why=rejected.why, headers=record.headers)
    return DeadLetter(key, b"", headers)
