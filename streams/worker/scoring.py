"""The fold as a worker's work: the scorer of a partition on Kafka. Never reads or writes the log itself.

Accounts are kept as the bytes of their last records, and decoded when a fact touches them.
"""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from schemas.dead_letters import dead_letter_headers
from schemas.scores import CHECKPOINT_KEY, Checkpoint, decode_checkpoint
from schemas.times import parse_time
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, MAX_RECORD_BYTES, SCORES
from scoring.fold.state import PendingChanges
from streams.activation import NoModel
from streams.kafka.address import KafkaAddress
from streams.log import LogRefused, Record
from streams.scorer.partition_fold import Admitted, PartitionFold, Refused, read_fact
from streams.scorer.score_records import checkpoint, drain
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import Fetched, Found, ReadSource
from streams.worker.state_store import LastRecords
from streams.worker.units import Letter, Pair, UnitBatch, in_batches, size_of

_SEQ, _NEXT = b'"seq":', b'"next":'
_FILLED = 0.8
"""How full a unit is meant to be: facts differ."""
_FIRST_GUESS = 2_000
"""Bytes of a unit per fact, before any was made."""
CUT_FROM = "staffel.cut.from"
"""Header of a dead letter that is too large to be kept whole: how many bytes the record has, where it stands."""
_LARGEST_LETTER = MAX_RECORD_BYTES - 64 * 1024


class UnitTooLarge(Exception):
    """One fact changes more than a record batch may hold."""


class Scoring:
    """The work of a Staffel: `log_id` tells its `engagement` from any other that had the name."""

    checkpoint_key = CHECKPOINT_KEY.encode()

    def __init__(self, address: KafkaAddress, log_id: str, options: WorkerOptions, counters: WorkerCounters) -> None:
        self.group = address.topic("staffel-workers")
        self.source, self.output = address.topic(ENGAGEMENT), address.topic(SCORES)
        self.letters = address.topic(DEAD_LETTERS)
        self._log_id, self._options, self._counters = log_id, options, counters

    def order(self, key: bytes, value: bytes) -> int:
        """The seq of an account's or a contact's record, the position of a checkpoint.

        Their names cannot stand within a text of the record: its quotation marks are escaped there.
        """
        name = _NEXT if key == self.checkpoint_key else _SEQ
        start = value.index(name) + len(name)
        return int(value[start : value.index(b",", start)])

    def step(self, partition: int, found: Found) -> "ScoringStep":
        stood = None if found.checkpoint is None else decode_checkpoint(found.checkpoint)
        if stood is not None and stood.log not in (UNSET, self._log_id):
            raise LogRefused(
                f"{self.output} was made of another {self.source} (topic id {stood.log}; now it is {self._log_id}): "
                "the log was recreated. Restore it, or create all topics anew together"
            )
        return ScoringStep(partition, found, stood, self._log_id, self._options, self._counters)


class ScoringStep:
    """One partition. Whatever it holds is as of `next`."""

    def __init__(
        self,
        partition: int,
        found: Found,
        stood: Checkpoint | None,
        log_id: str,
        options: WorkerOptions,
        counters: WorkerCounters,
    ) -> None:
        self.partition = partition
        self.next = 0 if stood is None else stood.next
        self._stood, self._log_id, self._options, self._counters = stood, log_id, options, counters
        self._stored = LastRecords(found.values)
        self._per_fact = float(_FIRST_GUESS)
        self._fold = PartitionFold(partition, self._stored.load, window=options.window)
        if stood is not None and stood.latest is not None:
            self._fold.latest = parse_time(stood.latest)

    async def begin(self, read: ReadSource) -> Sequence[UnitBatch]:
        """Find model and duplicate window again; a state of another fold or model is folded anew, all of it."""
        model_at = None if self._stood is None else self._stood.model_at
        if model_at is None:
            return []
        async for records in read(model_at, model_at + 1):
            for record in records:
                self._fold.activate(as_record(record))
        if self._stored.any_not_of(self._fold.plan):
            return await self._refold(read)
        async for records in read(max(0, self.next - self._fold.window.size), self.next):
            for record in records:
                self._fold.remember(as_record(record))
        return []

    def fold(self, next: int, records: Sequence[Fetched]) -> Iterator[UnitBatch]:
        duplicates = self._fold.duplicates
        admitted, letters = self._admit(records)
        self._counters.duplicates += self._fold.duplicates - duplicates
        begun = 0
        while begun < len(admitted) or letters or self.next < next:
            part = admitted[begun : begun + self._room()]
            begun += len(part)
            until = next if begun == len(admitted) else part[-1].record.offset + 1
            yield from self._units(part, until, letters)
            letters = []

    def _admit(self, records: Sequence[Fetched]) -> tuple[list[Admitted], list[Letter]]:
        admitted: list[Admitted] = []
        letters: list[Letter] = []
        for fetched in records:
            answer = self._admitted(as_record(fetched))
            if isinstance(answer, Admitted):
                admitted.append(answer)
            elif answer is not None:
                letters.append(letter(self.partition, fetched, answer))
        return admitted, letters

    def _admitted(self, record: Record) -> Admitted | Refused | None:
        try:
            return self._fold.admit(record)
        except NoModel as missing:
            raise LogRefused(f"{missing}; run `staffel topics create` first") from None

    def _room(self) -> int:
        """How many facts a unit may be of."""
        return max(1, int(self._options.unit_bytes * _FILLED / self._per_fact))

    def _units(self, facts: Sequence[Admitted], until: int, letters: Sequence[Letter]) -> Iterator[UnitBatch]:
        """One unit, or, where that is too large, those of both halves."""
        latest = self._fold.latest
        for fact in facts:
            self._fold.take(fact)
        records = self._drained(until)
        size = size_of(records)
        if size > self._options.unit_bytes and len(facts) > 1:
            self._take_back(latest)
            yield from self._halves(facts, until, letters)
            return
        if size > self._options.largest_unit:
            raise UnitTooLarge(self._too_large(facts[0], size))
        self._per_fact += (size / max(1, len(facts)) - self._per_fact) * 0.3
        self._keep(records)
        self.next = until
        yield UnitBatch(until, records, letters, len(facts))

    def _drained(self, until: int) -> list[Pair]:
        fold = self._fold
        accounts = fold.touched.values()
        records = [(new.key.encode(), new.value) for account in accounts for new in drain(account, fold.plan)]
        return [*records, self._checkpoint(until)]

    def _checkpoint(self, until: int) -> Pair:
        made = checkpoint(until, self._fold.model_at, self._fold.latest, self._log_id)
        return made.key.encode(), made.value

    def _halves(self, facts: Sequence[Admitted], until: int, letters: Sequence[Letter]) -> Iterator[UnitBatch]:
        self._counters.cuts += 1
        again = [fact._replace(fact=read_fact(fact.record.value, self._fold.plan)) for fact in facts]
        half = len(again) // 2
        yield from self._units(again[:half], again[half - 1].record.offset + 1, letters)
        yield from self._units(again[half:], until, ())

    def _take_back(self, latest: int | None) -> None:
        """Accounts as they were before the unit: as they stand in their last records."""
        for id in self._fold.touched:
            del self._fold.accounts[id]
        self._fold.touched.clear()
        self._fold.latest = latest

    def _keep(self, records: Sequence[Pair]) -> None:
        self._fold.touched.clear()
        self._stored.keep(records[:-1])
        if len(self._fold.accounts) > self._options.kept_accounts:
            self._fold.accounts.clear()

    async def _refold(self, read: ReadSource) -> Sequence[UnitBatch]:
        """All facts before the position once more; every account is written anew."""
        self._counters.refolds += 1
        self._stored = LastRecords({})
        window = self._options.window
        fold = self._fold = PartitionFold(self.partition, self._stored.load, keep_lines=False, window=window)
        async for records in read(0, self.next):
            for record in records:
                fold.apply(as_record(record))
            for account in fold.touched.values():
                account.pending_changes = None
            fold.touched.clear()
        fold.keep_lines = True
        pairs, last = list(standing(fold)), self._checkpoint(self.next)
        self._keep([*pairs, last])
        batches = in_batches(pairs, last, self._options.unit_bytes)
        return [UnitBatch(self.next, batch) for batch in batches]

    def _too_large(self, fact: Admitted, size: int) -> str:
        return (
            f"the fact at offset {fact.record.offset} of partition {self.partition} of {ENGAGEMENT} changes {size} "
            f"bytes of account {fact.record.key!r}, and a record batch of {SCORES} may have "
            f"{self._options.largest_unit}: raise max.message.bytes of the topic and the worker's largest unit"
        )


def standing(fold: PartitionFold) -> Iterator[Pair]:
    """Every account and contact as it is, with no changes."""
    for account in fold.accounts.values():
        account.pending_changes = PendingChanges(account.seq)
        for new in drain(account, fold.plan):
            yield new.key.encode(), new.value


def as_record(fetched: Fetched) -> Record:
    """As the fold reads it, here and in replays: no key and no value are empty ones."""
    key = (fetched.key or b"").decode("utf-8", "replace")
    return Record(fetched.offset, key, fetched.value or b"", fetched.headers)


def letter(partition: int, fetched: Fetched, refused: Refused) -> Letter:
    place = (ENGAGEMENT, partition, fetched.offset)
    headers = dead_letter_headers(*place, code=refused.code, why=refused.why, headers=fetched.headers)
    value = fetched.value or b""
    if len(value) <= _LARGEST_LETTER:
        return Letter(fetched.key, value, headers)
    return Letter(fetched.key, value[:_LARGEST_LETTER], (*headers, (CUT_FROM, b"%d" % len(value))))
