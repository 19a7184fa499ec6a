"""Copying a log: every record once, in the order of its account, wherever the copy was interrupted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from database.engine import open_database
from database.errors import DatabaseError
from intake.recorder.inbox import Inbox
from intake.recorder.inbox_rows import inbox
from intake.vault import copy_vault, open_vault_database
from intake.vault.tables import SECRETS, TOMBSTONES, VAULT
from projections.work.tables import append_notes, moves, outbox
from schemas.dead_letters import ORIGINAL_ID_HEADER, dead_letter_headers
from schemas.envelope import FACT_HEADERS, encode_fact, record_id
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS
from staffel.migration.log_copy import COPIED_TOPICS, LogCopy
from staffel.migration.table_copy import copy_tables, count_rows
from streams.activation import activation_record
from streams.log import Appended, LogRefused, LogUnavailable, NewRecord, Record
from streams.sql.log import SqlLog
from tests import databases
from tests.intake.recorder.fakes import NOW, MemoryBroker

ACCOUNTS = 7
PARTITIONS = 2


def fact(n: int) -> NewRecord:
    subject = f"company{n % ACCOUNTS}.com"
    value = encode_fact(id=str(n), source="web", type="web.page_viewed.v1", subject=subject, time=n, recorded_at=n)
    return NewRecord(subject, value, record_id("web", str(n)), FACT_HEADERS)


@pytest.fixture
def source(tmp_path: Path) -> SqlLog:
    """Two partitions with activations, facts, four torn records of which two are alike, a dead letter, a handoff."""
    (tmp_path / "from").mkdir()
    log = SqlLog(open_database(databases.migrated_database("sqlite", tmp_path / "from")), PARTITIONS)
    for partition in range(PARTITIONS):
        log.append(
            ENGAGEMENT, [activation_record({"model": {}, "version": "m-1"}, partition, NOW)], partition=partition
        )
    torn = [NewRecord("company1.com", b"torn", headers=(("a", b"1"),)), NewRecord("company1.com", b"torn")]
    log.append(ENGAGEMENT, [*map(fact, range(20)), *torn, torn[1], NewRecord("~model", b"torn"), fact(20)])
    place = next(log.history("company1.com"))
    result = dead_letter_headers(ENGAGEMENT, home_partition(log), place.offset, code="unreadable", why="torn")
    log.append(DEAD_LETTERS, [NewRecord("company1.com", place.value, headers=result)])
    log.append(SQA_HANDOFFS, [NewRecord("company2.com", b"a handoff", "h", FACT_HEADERS)])
    log.append(SCORES, [NewRecord("company2.com", b"a score")])
    return log


def home_partition(log: SqlLog) -> int:
    return log.partition_of(ENGAGEMENT, "company1.com")


def records_by_key(
    read: Callable[[str, int, int, int], Sequence[Record]], topic: str, partitions: int
) -> dict[str, Any]:
    """The records per key, in order, without activations and without headers that a copy adds."""
    found: dict[str, Any] = {}
    for partition in range(partitions):
        for _, key, value, headers in read(topic, partition, 0, 1_000):
            kept = [header for header in headers if header[0] != ORIGINAL_ID_HEADER]
            if not (key == "~model" and value != b"torn"):
                found.setdefault(key, []).append((value, kept))
    return found


def records_by_topic(log: Any) -> dict[str, Any]:
    return {topic: records_by_key(log.read, topic, log.partitions(topic)) for topic in COPIED_TOPICS}


def copy_log(source: SqlLog, target: MemoryBroker, engine: Engine) -> LogCopy:
    """A complete copy."""
    copy = LogCopy(source, target, engine, lambda: NOW, batch_size=4)
    copy.start()
    for topic in COPIED_TOPICS:
        for partition in range(PARTITIONS):
            while copy.advance(topic, partition):
                pass
    copy.finish()
    return copy


def test_every_record_stands_once_in_the_order_of_its_key_with_its_headers(source: SqlLog, database: Engine) -> None:
    target = MemoryBroker(partitions=5)
    assert copy_log(source, target, database).is_finished()
    assert records_by_topic(target) == records_by_topic(source)
    assert sum(target.end(SCORES, partition) for partition in range(5)) == 0


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_an_interrupted_copy_resumes(source: SqlLog, database: Engine, steps: int) -> None:
    target, breaks = MemoryBroker(partitions=3), 0
    while True:
        target.fails_after = steps if steps else breaks % 2
        try:
            copy_log(source, target, database)
            break
        except LogUnavailable:
            breaks += 1
    assert breaks > 5
    assert records_by_topic(target) == records_by_topic(source)
    with database.connect() as connection:
        assert connection.execute(select(append_notes)).all() == []


class UnacknowledgingBroker(MemoryBroker):
    """Appends, but raises after every other append."""

    calls = 0

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        appended = super().append(topic, records, partition)
        self.calls += 1
        if self.calls % 2:
            raise LogUnavailable("no answer")
        return appended


def test_records_appended_before_an_error_are_not_appended_again(source: SqlLog, database: Engine) -> None:
    target = UnacknowledgingBroker(partitions=3)
    for _ in range(40):
        try:
            copy_log(source, target, database)
            break
        except LogUnavailable:
            continue
    assert records_by_topic(target) == records_by_topic(source)


def test_the_inbox_keeps_every_fact_with_its_new_place(source: SqlLog, database: Engine) -> None:
    target = MemoryBroker(partitions=3)
    copy_log(source, target, database)
    known = Inbox(database, target, lambda: NOW, keep_forever=False)
    assert known.recorded(record_id("web", str(n)) for n in range(22)).keys() == {
        record_id("web", str(n)) for n in range(21)
    }
    with database.connect() as connection:
        rows = connection.execute(select(inbox)).all()
    assert {(row.keep, row.offset is None) for row in rows} == {(True, False)}
    assert {row.account: target.topics[ENGAGEMENT][row.partition][row.offset].key for row in rows} == {
        row.account: row.account for row in rows
    }
    assert [(place.account, place.duplicate) for place in known.append([fact(3)])] == [("company3.com", True)]


def test_a_rejected_record_keeps_the_id_of_its_dead_letter(source: SqlLog, database: Engine) -> None:
    target = MemoryBroker(partitions=3)
    copy_log(source, target, database)
    place = next(source.history("company1.com"))
    marked = [
        (record.value, value)
        for partition in range(3)
        for record in target.read(ENGAGEMENT, partition, 0, 100)
        for name, value in record.headers
        if name == ORIGINAL_ID_HEADER
    ]
    assert marked == [(place.value, b"engagement/%d/%d" % (home_partition(source), place.offset))]


def test_a_target_with_other_records_is_refused(source: SqlLog, database: Engine) -> None:
    filled = MemoryBroker(partitions=3)
    filled.append(SQA_HANDOFFS, [NewRecord("a.com", b"of others")])
    with pytest.raises(LogRefused, match="sqa-handoffs holds records of another installation"):
        copy_log(source, filled, database)
    copy_log(source, MemoryBroker(partitions=3), database)
    with pytest.raises(LogRefused, match="topics that no longer exist"):
        copy_log(source, MemoryBroker(partitions=3), database)


def test_a_copy_is_finished_into_the_log_that_it_went_to_and_no_other(source: SqlLog, database: Engine) -> None:
    assert copy_log(source, MemoryBroker(partitions=3), database).is_finished()
    assert not LogCopy(source, MemoryBroker(partitions=3), database, lambda: NOW).is_finished()


def test_a_database_with_other_rows_is_refused(source: SqlLog, database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(insert(moves).values(move="m", account="a", to_account="b", done=True))
    with pytest.raises(DatabaseError, match="table moves holds rows of another installation"):
        copy_log(source, MemoryBroker(), database)


def test_tables_are_copied_once_and_go_on_counting_where_they_were(tmp_path: Path, database: Engine) -> None:
    (tmp_path / "from").mkdir()
    ours = open_database(databases.migrated_database("sqlite", tmp_path / "from"))
    row = {"topic": SQA_HANDOFFS, "key": "a.com", "event": b"{}", "at": 1, "published": True}
    with ours.begin() as connection:
        connection.execute(insert(outbox), [{"n": n, "id": f"h{n}", **row} for n in (3, 5, 8)])

    result: list[int] = []
    for _ in range(2):
        copy_tables(ours, database, result.append)

    assert (count_rows(ours)["outbox"], sum(result)) == (3, 2 * 3)
    with database.begin() as connection:
        connection.execute(insert(outbox).values(id="h9", **row))
        ids = connection.execute(select(outbox.c.id, outbox.c.published).order_by(outbox.c.n)).all()
        assert [tuple(each) for each in ids] == [("h3", True), ("h5", True), ("h8", True), ("h9", True)]


def test_the_vault_is_copied_with_its_secret(tmp_path: Path, vault_database: Engine) -> None:
    ours = open_vault_database(f"sqlite:///{tmp_path / 'ours.db'}")
    with ours.begin() as connection:
        connection.execute(insert(SECRETS).values(id=1, secret=b"ours", forgotten=2))
        connection.execute(insert(VAULT).values(contact="c_a", address_hash="x", email="pat@acme.com", name=None))
        connection.execute(insert(TOMBSTONES).values(address_hash="y", erased_at=5, contact="c_b"))
    with vault_database.begin() as connection:
        connection.execute(insert(SECRETS).values(id=1, secret=b"made meanwhile", forgotten=0))

    for _ in range(2):
        copy_vault(ours, vault_database, int)

    with vault_database.begin() as connection:
        assert connection.execute(select(SECRETS.c.secret, SECRETS.c.forgotten)).one() == (b"ours", 2)
        assert connection.execute(select(VAULT.c.email)).scalars().all() == ["pat@acme.com"]
        assert connection.execute(select(TOMBSTONES)).one() == ("y", 5, "c_b")
    ours.dispose()
