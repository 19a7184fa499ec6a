"""The SQL log passes the contract of all logs on SQLite and PostgreSQL, and tests of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Engine, event, text

from database.engine import open_database
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, TOPICS
from streams.log import LogRefused, NewRecord, Record, Unit
from streams.sql.log import ChecksumMismatch, SqlLog
from streams.sql.rows import InvalidKeyError
from tests import databases
from tests.streams.log_contract import (
    KeyedLogContract,
    all_records,
    fact_records,
    new_unit,
    record_values,
    score_records_of,
)

ReopenSql = Callable[[], SqlLog]


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def start_writer(mode: str, database: Engine, name: str, partitions: int, count: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.streams.sql.log_writer", mode, address(database), name, str(partitions)]
    return subprocess.Popen([*command, str(count)], stdout=subprocess.PIPE)


def read_as_scorer(log: SqlLog, partitions: int, count: int) -> dict[int, list[Record]]:
    """Read on from the last offset seen, as a scorer does, until so many records were seen."""
    seen: dict[int, list[Record]] = {each: [] for each in range(partitions)}
    nexts = dict.fromkeys(seen, 0)
    while sum(map(len, seen.values())) < count:
        assert log.wait(nexts, timeout=60)
        for partition, records in seen.items():
            records += log.read(ENGAGEMENT, partition, nexts[partition], 100)
            nexts[partition] = records[-1].offset + 1 if records else 0
    return seen


def settled_state(log: SqlLog) -> tuple[int, list[bytes], list[bytes]]:
    """Position, scores and dead letters; a server may still commit what it got before the writer died."""
    while True:
        before = log.position(0)
        found = record_values(all_records(log, SCORES, 0)), record_values(all_records(log, DEAD_LETTERS, 0))
        if log.position(0) == before:
            return before, *found


class SqlLogContract(KeyedLogContract):
    partitions: ClassVar[int]

    @pytest.fixture
    def reopen(self, database: Engine) -> Iterator[ReopenSql]:
        opened: list[Engine] = []

        def open_log() -> SqlLog:
            opened.append(open_database(address(database)))
            return SqlLog(opened[-1], self.partitions)

        yield open_log
        for engine in opened:
            engine.dispose()

    def test_a_reader_that_follows_two_processes_misses_no_record(self, database: Engine, reopen: ReopenSql) -> None:
        log = reopen()
        writers = [start_writer("facts", database, name, self.partitions, 500) for name in ("left", "right")]
        seen = read_as_scorer(log, self.partitions, 1_000)
        assert [each.wait(60) for each in writers] == [0, 0]
        for records in seen.values():
            assert [record.offset for record in records] == list(range(len(records)))

    def test_a_unit_that_fails_half_way_leaves_nothing(self, reopen: ReopenSql) -> None:
        log = reopen()
        unfit = [NewRecord("acme.com", b"well"), NewRecord("a\0b", b"a key no table can hold")]
        with pytest.raises(InvalidKeyError, match="none of them a NUL"):
            log.append_unit(Unit(0, 0, 3, score_records_of(b"s1", b"s2"), unfit))
        again = reopen()
        assert [again.end(topic, 0) for topic in TOPICS] == [0] * len(TOPICS)
        assert [all_records(again, topic, 0) for topic in (SCORES, DEAD_LETTERS)] == [[], []]
        assert again.position(0) == 0

    @pytest.mark.parametrize("key", ["a\0b", "\ud800", "x" * 1_001])
    def test_a_batch_with_a_key_that_no_table_can_hold_is_refused_as_a_whole(self, reopen: ReopenSql, key: str) -> None:
        log = reopen()
        with pytest.raises(InvalidKeyError, match="cannot be stored: a key has at most 1000 characters"):
            log.append(ENGAGEMENT, [*fact_records(1), NewRecord(key, b"")], partition=0)
        assert log.end(ENGAGEMENT, 0) == 0

    def test_a_writer_killed_at_any_moment_leaves_whole_units_alone(self, database: Engine, reopen: ReopenSql) -> None:
        log = reopen()
        for kill_after in (1, 8, 30):
            process = start_writer("units", database, "scorer", self.partitions, 10_000)
            assert process.stdout is not None
            for _ in range(kill_after):
                process.stdout.readline()
            process.kill()
            process.wait()
            done, scores, letters = settled_state(log)
            assert done >= kill_after
            assert scores == [b"%d" % (n // 2) for n in range(2 * done)]
            assert letters == [b"%d" % n for n in range(done)]

    def test_compaction_keeps_the_last_record_of_every_key(self, reopen: ReopenSql) -> None:
        log = reopen()
        log.append(SCORES, [NewRecord(f"{n % 3}.example", b"%d" % n) for n in range(9)], partition=0)
        log.append(SCORES, [NewRecord("once.example", b"9")], partition=0)
        assert log.compact({0: 10}) == 6
        assert record_values(all_records(log, SCORES, 0)) == [b"6", b"7", b"8", b"9"]
        assert log.compact({0: 10}) == 0
        assert log.end(SCORES, 0) == 10

    def test_compaction_leaves_alone_what_stands_from_the_given_offset_on(self, reopen: ReopenSql) -> None:
        log = reopen()
        log.append(SCORES, score_records_of(b"0", b"1", b"2", b"3"), partition=0)
        assert log.compact({0: 2}) == 2
        assert record_values(all_records(log, SCORES, 0)) == [b"2", b"3"]

    def test_a_key_that_stands_in_two_partitions_is_compacted_in_each(self, reopen: ReopenSql) -> None:
        log = reopen()
        for partition in range(self.partitions):
            log.append(SCORES, score_records_of(b"old", b"new", key="~checkpoint"), partition=partition)
        assert log.compact(dict.fromkeys(range(self.partitions), 2)) == self.partitions
        assert [record_values(all_records(log, SCORES, each)) for each in range(self.partitions)] == [
            [b"new"]
        ] * self.partitions

    def test_a_compacted_log_goes_on_where_it_was(self, reopen: ReopenSql) -> None:
        log = reopen()
        log.append_unit(new_unit(log, 0, 1, b"0", b"1"))
        home = log.partition_of(SCORES, "acme.com")
        log.compact({home: 2})
        log.append_unit(new_unit(log, 1, 2, b"2"))
        assert [record.offset for record in all_records(reopen(), SCORES, home)] == [1, 2]

    @pytest.mark.parametrize(
        "change",
        ["value = CAST('forged' AS {bytes})", "key = 'other.example'", "headers = NULL", "checksum = checksum + 1"],
    )
    def test_a_stored_record_that_was_altered_is_named(
        self, database: Engine, reopen: ReopenSql, database_kind: str, change: str
    ) -> None:
        log = reopen()
        records = [NewRecord("acme.com", b"%d" % n, headers=(("n", b"%d" % n),)) for n in range(3_000)]
        log.append(ENGAGEMENT, records, partition=0)
        assert list(log.verify_checksums(ENGAGEMENT)) == []
        alter = change.format(bytes="bytea" if database_kind == "postgresql" else "BLOB")
        with database.begin() as connection:
            connection.execute(text(f'UPDATE log_engagement SET {alter} WHERE "offset" IN (7, 2500)'))
        key = "other.example" if change.startswith("key") else "acme.com"
        assert list(log.verify_checksums(ENGAGEMENT)) == [ChecksumMismatch(0, 7, key), ChecksumMismatch(0, 2500, key)]

    def test_another_number_of_partitions_is_refused(self, database: Engine, reopen: ReopenSql) -> None:
        reopen()
        with pytest.raises(LogRefused, match=f"created with {self.partitions} partitions and cannot be opened with 7"):
            SqlLog(database, 7)


class TestSqlLogOfOnePartition(SqlLogContract):
    partitions = 1


class TestSqlLogOfFourPartitions(SqlLogContract):
    partitions = 4


def test_who_waits_on_postgresql_asks_nothing_until_another_process_appends(tmp_path: Path) -> None:
    url = databases.migrated_database("postgresql", tmp_path)
    engine, other = open_database(url), open_database(url)
    log, elsewhere = SqlLog(engine), SqlLog(other)
    assert log.wait({0: 0}, timeout=0.05) is False  # now it listens
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    assert log.wait({0: 0}, timeout=0.5) is False
    quiet = len(statements)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(log.wait, {0: 0}, 60) for _ in range(3)]
        elsewhere.append(ENGAGEMENT, fact_records(1))
        assert [each.result(timeout=10) for each in waiting] == [True, True, True]

    assert quiet <= 2  # as it begins, and as it ends
    log.close()
    elsewhere.close()
