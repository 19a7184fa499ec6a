"""Verify: is what was recorded what the log computes? Names the first row that differs. Never mends anything."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from math import isclose
from typing import Any, Protocol

from audit.replay import BATCH, Progress, digest, is_scored, records_of
from projections.database import Database
from projections.queries import Questions, asking
from schemas.scores import decode_account
from schemas.times import format_time
from schemas.topics import ENGAGEMENT, SCORES
from scoring.state import Account, Outcome
from streams.log import Log
from streams.partition_fold import PartitionFold
from streams.scorer import nothing_loaded


class Damage(Protocol):
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> str: ...


class CheckedLog(Log, Protocol):
    def verify_checksums(self, topic: str) -> Iterator[Damage]:
        """Stored records that are not what was written."""


@dataclass(frozen=True)
class Mismatch:
    """`fact`: the fact (or place) at which it shows."""

    account: str
    fact: str | None
    field: str
    recorded: Any
    computed: Any


@dataclass(frozen=True)
class Verified:
    accounts: int
    facts: int
    mismatches: list[Mismatch]


LINE = ("track", "time", "event", "type", "contact", "rule", "points", "weight", "cut", "half_life")
CHANGE = ("track", "at", "from", "to", "cause", "score")
OPENED = ("track", "crossing", "crossed_at", "fact", "score", "route", "act_now", "due_at")


def verify(log: CheckedLog, engine: Database, *, progress: Progress = lambda _: None) -> Verified:
    """Fold the whole log again and compare digests, ledger, stage changes and handoffs, in their order."""
    mismatches = list(damaged(log))
    accounts: set[str] = set()
    facts = 0
    for partition in range(log.partitions(ENGAGEMENT)):
        fold = PartitionFold(partition, nothing_loaded)
        with asking(engine) as questions:
            mismatches += compare_partition(log, fold, questions, progress)
        accounts |= set(fold.accounts)
        facts += fold.facts
    with asking(engine) as questions:
        mismatches += strangers(questions, accounts)
    return Verified(sum(map(is_scored, accounts)), facts, mismatches)


def damaged(log: CheckedLog) -> Iterator[Mismatch]:
    """Stored facts whose bytes are not the ones that were written."""
    for damage in log.verify_checksums(ENGAGEMENT):
        records = log.read(ENGAGEMENT, damage.partition, damage.offset, 1)
        place = f"{ENGAGEMENT}/{damage.partition}/{damage.offset}"
        shown = records[0].value.decode("utf-8", "replace")[:200] if records else None
        yield Mismatch(damage.key, place, "stored record", shown, "the record as it was written (checksum)")


def compare_partition(
    log: CheckedLog, fold: PartitionFold, questions: Questions, progress: Progress
) -> Iterator[Mismatch]:
    """Compare as the fold goes, so that memory holds the lines of one batch only."""
    position = log.position(fold.partition)
    broken: set[str] = set()
    for number, record in enumerate(records_of(log, fold.partition, position), 1):
        fold.apply(record)
        if number % BATCH == 0:
            progress(BATCH)
            yield from compare_touched(fold, questions, broken)
    yield from compare_touched(fold, questions, broken)
    for id, account in fold.accounts.items():
        if id not in broken:
            yield from compare_end(log, questions, id, account)


def compare_touched(fold: PartitionFold, questions: Questions, broken: set[str]) -> Iterator[Mismatch]:
    """What happened to the accounts of this batch, against what was recorded of it; one mismatch for each account."""
    for id, account in fold.touched.items():
        outcome, account.outcome = account.outcome, None
        digest(account)
        if outcome is None or id in broken:
            continue
        found = next(compare_outcome(questions, id, outcome, account.seq), None)
        if found is not None:
            broken.add(id)
            yield found
    fold.touched.clear()


def compare_outcome(questions: Questions, id: str, outcome: Outcome, seq: int) -> Iterator[Mismatch]:
    span = (id, outcome.after_seq, seq)
    lines = questions.between("ledger", *span)
    yield from compare_rows(id, "ledger", LINE, lines, outcome.lines or [], "event")
    changes = questions.between("stage_changes", *span)
    yield from compare_rows(id, "stage_changes", CHANGE, changes, outcome.stages, "cause")
    opened = questions.between("handoffs", *span, by="crossed_seq")
    yield from compare_rows(id, "handoffs", OPENED, opened, outcome.handoffs, "fact")
    steps = questions.between("handoff_steps", *span)
    yield from compare_rows(id, "handoff_steps", ("status", "at", "fact", "late"), steps, outcome.steps, "fact")


def compare_rows(
    id: str, name: str, fields: tuple[str, ...], recorded: Iterable[Any], computed: Iterable[Any], fact: str
) -> Iterator[Mismatch]:
    for row, value in zip_longest(recorded, computed):
        if row is None or value is None:
            there = row if row is not None else value
            yield Mismatch(id, str(read(there, fact)), name, shown(row, fields), shown(value, fields))
            continue
        for field in fields:
            if not same(read(row, field), read(value, field)):
                yield Mismatch(id, str(read(value, fact)), f"{name}.{field}", read(row, field), read(value, field))


RENAMED = {"from": ("from_stage", "from_"), "to": ("to_stage", "to")}
INSTANTS = ("time", "at", "crossed_at", "due_at")


def read(row: Any, field: str) -> Any:
    """A field of a row or of a computed value; instants in ISO form."""
    names = RENAMED.get(field, (field,))
    value = next(getattr(row, name) for name in names if hasattr(row, name))
    return format_time(value) if field in INSTANTS and isinstance(value, int) else value


def shown(row: Any, fields: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {field: read(row, field) for field in fields}


def same(recorded: Any, computed: Any) -> bool:
    if isinstance(recorded, float) and isinstance(computed, int | float):
        return isclose(recorded, computed, rel_tol=1e-12, abs_tol=1e-9)
    return bool(recorded == computed)


def compare_end(log: Log, questions: Questions, id: str, account: Account) -> Iterator[Mismatch]:
    """The last digests: of the topic, and of the read model."""
    computed = digest(account)
    last = log.latest(SCORES, [id]).get(id)
    topic = decode_account(last.value).digest if last is not None else None
    if topic != computed:
        yield Mismatch(id, None, "scores.digest", topic, computed)
    row = questions.account(id)
    if row is None or row.digest != computed:
        yield Mismatch(id, None, "accounts.digest", row.digest if row is not None else None, computed)


def strangers(questions: Questions, known: set[str]) -> Iterator[Mismatch]:
    """Accounts that were recorded and that no fact of the log makes."""
    for row in questions.accounts():
        if row.account not in known:
            yield Mismatch(row.account, None, "accounts", {"seq": row.seq, "digest": row.digest}, None)
