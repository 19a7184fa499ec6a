"""A fact that makes its account larger than a record may be is rejected, on both hosts and in every replay."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from audit.replay import digest, replay
from benchmarks.worlds import MODEL
from database.engine import open_database
from schemas.dead_letters import parse_error_headers
from schemas.scores import decode_account_scored
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, MAX_RECORD_BYTES, SCORES
from streams.activation import activate
from streams.log import NewRecord
from streams.scorer.account_size import MAX_ACCOUNT_BYTES
from streams.scorer.embedded import Scorer, load_nothing
from streams.scorer.partition_fold import PartitionFold
from streams.sql.log import SqlLog
from streams.worker.scoring import as_record
from streams.worker.units import size_of
from tests import databases
from tests.streams.worker.fakes import FakeRecord
from tests.streams.worker.scoring_partition import (
    ScoringPartition,
    activation_fake,
    as_fake_record,
    fact_records,
    straight_fold_digests,
)

LARGE = "company-0.example"
OTHERS = [record.value or b"" for record in fact_records(60, accounts=3)[1:]]


def update(field: str, megabytes: float, account: str = LARGE, id: str | None = None) -> bytes:
    """A fact that adds a profile field of so many megabytes."""
    envelope = {"specversion": "1.0", "id": id or f"large {field}", "source": "test", "type": "account.updated.v1"}
    time = {"subject": account, "time": "2025-01-06T00:00:00Z", "recordedtime": "2025-01-06T00:00:00Z"}
    return msgspec.json.encode({**envelope, **time, "data": {field: "x" * int(megabytes * 1_000_000)}})


TOO_LARGE = [*OTHERS[:30], update("name", 2.5), update("owner", 2.5), *OTHERS[30:]]
"""The second large fact, at offset 32, makes the account too large for a record."""


def source_of(values: Sequence[bytes]) -> list[FakeRecord]:
    return [activation_fake(), *(as_fake_record(value, offset) for offset, value in enumerate(values, 1))]


def without(values: Sequence[bytes], offset: int) -> list[FakeRecord]:
    return [record for record in source_of(values) if record.offset != offset]


def letter_places(partition: ScoringPartition) -> list[tuple[str, str, bytes | None, bytes]]:
    letters = [letter for unit in partition.units for letter in unit.dead_letters]
    fields = [parse_error_headers(letter.headers) for letter in letters]
    return [
        (each["offset"], each["exception.class.name"], letter.key, letter.value)
        for each, letter in zip(fields, letters, strict=True)
    ]


@pytest.mark.parametrize("unit_bytes", [10, 20_000, 4_000_000])
def test_the_fact_is_a_dead_letter_and_its_neighbours_go_on_however_units_are_cut(unit_bytes: int) -> None:
    partition = ScoringPartition(source_of(TOO_LARGE), unit_bytes=unit_bytes).fold()
    assert letter_places(partition) == [("32", "too_large", LARGE.encode(), b"")]
    assert partition.task.next == len(TOO_LARGE) + 1
    assert partition.digests() == straight_fold_digests(without(TOO_LARGE, 32))
    assert max(size_of(unit.records) for unit in partition.units) <= MAX_RECORD_BYTES
    assert sum(unit.fact_count for unit in partition.units) == len(TOO_LARGE) - 1


def test_recovered_before_the_fact_the_same_is_decided() -> None:
    partition = ScoringPartition(source_of(TOO_LARGE)).fold(32)
    partition.recover()
    assert letter_places(partition.fold()) == [("32", "too_large", LARGE.encode(), b"")]
    assert partition.digests() == straight_fold_digests(without(TOO_LARGE, 32))


def test_every_change_beside_the_fact_is_told_once() -> None:
    told, expected = (
        sorted(line.event for update in partition.updates() for line in update.changes.lines)
        for partition in (
            ScoringPartition(source_of(TOO_LARGE)).fold(),
            ScoringPartition(without(TOO_LARGE, 32)).fold(),
        )
    )
    assert told == expected
    assert len(told) > 10


def test_the_embedded_scorer_and_a_replay_decide_as_a_worker_does(tmp_path: Path) -> None:
    databases.migrated_database("sqlite", tmp_path)
    log = SqlLog(open_database(f"sqlite:///{tmp_path / 'staffel.db'}"), 1)
    activate(log, lambda: (MODEL, "model"), lambda: 0)
    log.append(ENGAGEMENT, [NewRecord(msgspec.json.decode(value)["subject"], value) for value in TOO_LARGE])
    while Scorer(log, 0, batch=7).advance():
        continue
    [letter] = log.read(DEAD_LETTERS, 0, 0, 10)
    fields = parse_error_headers(letter.headers)
    assert (fields["offset"], fields["exception.class.name"], letter.value) == ("32", "too_large", b"")
    expected = straight_fold_digests(without(TOO_LARGE, 32))
    recorded = log.latest(SCORES, list(expected))
    assert {id: decode_account_scored(each.value).digest for id, each in recorded.items()} == expected
    assert {id: digest(account) for id, account in replay(log).accounts.items()} == expected
    log.close()


def test_an_account_that_a_single_fact_would_make_too_large_is_never_known() -> None:
    values = [update("name", 3.4, "new.example"), *OTHERS]
    identified = msgspec.json.decode(values[0])
    identified |= {"type": "contact.identified.v1", "data": {"contact": "c_a", "role": "x" * 4_000_000}}
    values[0] = msgspec.json.encode(identified)
    partition = ScoringPartition(source_of(values)).fold()
    assert letter_places(partition) == [("1", "too_large", b"new.example", b"")]
    assert partition.digests() == straight_fold_digests(without(values, 1))
    assert "new.example" not in partition.digests()


def test_where_a_large_account_becomes_smaller_there_is_room_again() -> None:
    facts = [update("name", 2.5), update("owner", 2.5), update("name", 0, id="z"), update("owner", 2.5, id="z2")]
    fold = PartitionFold(0, load_nothing)
    activated, *answers = [fold.apply(as_record(record)) for record in source_of(facts)]
    assert activated is None
    assert [answer and answer.code for answer in answers] == [None, "too_large", None, None]


def test_the_reason_says_what_the_limit_is_and_what_to_do() -> None:
    fold = PartitionFold(0, load_nothing)
    *_, rejected = [fold.apply(as_record(record)) for record in source_of([update("name", 2.5), update("owner", 2.5)])]
    assert rejected is not None
    assert f"it may have {MAX_ACCOUNT_BYTES:,}: record less about it" in rejected.why
