"""The contract of all logs: test cases that each implementation of the port has to pass."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import ClassVar

import pytest

from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS, TOPICS
from streams.log import Appended, KeyedLog, Log, LogError, NewRecord, PositionConflict, Record, Unit, scan

Reopen = Callable[[], Log]
ReopenKeyed = Callable[[], KeyedLog]
HEADERS = (("content-type", b"application/cloudevents+json"), ("retries", b"\x00\xff"))


def fact_records(*numbers: int, key: str = "acme.com") -> list[NewRecord]:
    return [NewRecord(key, b"fact %d" % number, id=f"test\n{number}") for number in numbers]


def new_unit(log: Log, start: int, next_offset: int, *values: bytes) -> Unit:
    return Unit(log.partition_of(ENGAGEMENT, "acme.com"), start, next_offset, score_records_of(*values), [])


def score_records_of(*values: bytes, key: str = "acme.com") -> list[NewRecord]:
    return [NewRecord(key, value) for value in values]


def all_records(log: Log, topic: str, partition: int) -> list[Record]:
    return log.read(topic, partition, 0, 100_000)


def record_values(records: "list[Record]") -> list[bytes]:
    return [record.value for record in records]


class LogContract:
    """Subclasses define `partitions` and the fixture `reopen`, which opens the same log again at each call."""

    partitions: ClassVar[int]

    @pytest.fixture
    def log(self, reopen: Reopen) -> Log:
        return reopen()

    @pytest.fixture
    def home(self, log: Log) -> int:
        """The partition of acme.com."""
        return log.partition_of(ENGAGEMENT, "acme.com")

    def test_a_new_log_is_empty(self, log: Log) -> None:
        ends = {(topic, each): log.end(topic, each) for topic in TOPICS for each in range(self.partitions)}
        assert set(ends.values()) == {0}
        assert [log.position(each) for each in range(self.partitions)] == [0] * self.partitions
        assert [log.partitions(topic) for topic in TOPICS] == [self.partitions] * len(TOPICS)

    def test_records_of_a_partition_are_read_in_the_order_they_were_appended(self, log: Log, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(3, 1, 2))
        log.append(ENGAGEMENT, fact_records(5, 4))
        assert record_values(all_records(log, ENGAGEMENT, home)) == [
            b"fact 3",
            b"fact 1",
            b"fact 2",
            b"fact 5",
            b"fact 4",
        ]

    def test_a_record_comes_back_as_it_was_given(self, log: Log, home: int) -> None:
        [appended] = log.append(ENGAGEMENT, [NewRecord("acme.com", b"\x00\xffvalue", "id", HEADERS)])
        [record] = all_records(log, ENGAGEMENT, home)
        assert record == Record(appended.offset, "acme.com", b"\x00\xffvalue", HEADERS)

    def test_the_answers_say_where_each_record_stands(self, log: Log) -> None:
        records = [NewRecord(f"company{n}.example", b"%d" % n) for n in range(20)]
        for record, appended in zip(records, log.append(ENGAGEMENT, records), strict=True):
            assert appended.partition == log.partition_of(ENGAGEMENT, record.key)
            [found] = log.read(ENGAGEMENT, appended.partition, appended.offset, 1)
            assert (found.offset, found.key, found.value) == (appended.offset, record.key, record.value)

    def test_a_given_partition_goes_before_that_of_the_key(self, log: Log) -> None:
        for partition in range(self.partitions):
            log.append(ENGAGEMENT, [NewRecord("~model", b"p%d" % partition)], partition=partition)
        found = [record_values(all_records(log, ENGAGEMENT, each)) for each in range(self.partitions)]
        assert found == [[b"p%d" % each] for each in range(self.partitions)]

    def test_reading_starts_at_an_offset_and_stops_at_the_limit(self, log: Log, home: int) -> None:
        offsets = [each.offset for each in log.append(ENGAGEMENT, fact_records(*range(10)))]
        assert record_values(log.read(ENGAGEMENT, home, offsets[3], 2)) == [b"fact 3", b"fact 4"]
        assert log.read(ENGAGEMENT, home, log.end(ENGAGEMENT, home), 5) == []

    def test_a_scan_reads_in_batches_and_ends_before_its_end(self, log: Log, home: int) -> None:
        offsets = [each.offset for each in log.append(ENGAGEMENT, fact_records(*range(5)))]
        assert record_values(list(scan(log, ENGAGEMENT, home, offsets[1], offsets[4], batch=2))) == [
            b"fact 1",
            b"fact 2",
            b"fact 3",
        ]
        assert len(list(scan(log, ENGAGEMENT, home, batch=2))) == 5

    def test_the_end_is_one_past_the_last_record(self, log: Log, home: int) -> None:
        appended = log.append(ENGAGEMENT, fact_records(1, 2, 3))
        assert log.end(ENGAGEMENT, home) == appended[-1].offset + 1

    def test_topics_do_not_mix(self, log: Log, home: int) -> None:
        for topic in TOPICS:
            log.append(topic, [NewRecord("acme.com", topic.encode(), id="same")])
        assert [record_values(all_records(log, topic, home)) for topic in TOPICS] == [
            [topic.encode()] for topic in TOPICS
        ]

    def test_an_unknown_topic_or_partition_is_an_error_that_says_which_there_are(self, log: Log) -> None:
        with pytest.raises(LogError, match=r"unknown topic 'gossip'; the topics are engagement, scores"):
            log.append("gossip", fact_records(1))
        with pytest.raises(LogError, match=r"no partition 99; the log has 0 to"):
            log.append(ENGAGEMENT, fact_records(1), partition=99)

    def test_appending_nothing_is_nothing(self, log: Log, home: int) -> None:
        assert log.append(ENGAGEMENT, []) == []
        assert log.end(ENGAGEMENT, home) == 0

    def test_records_without_an_id_are_never_duplicates(self, log: Log, home: int) -> None:
        same = NewRecord("acme.com", b"same")
        assert not any(each.duplicate for each in log.append(ENGAGEMENT, [same, same]))
        assert len(all_records(log, ENGAGEMENT, home)) == 2

    @pytest.mark.parametrize("key", ["müller.example", "日本.example", "anon:v_ab23", "a'b\"c%s?{x}:y", "😀", ""])
    def test_keys_may_hold_any_text(self, log: Log, key: str) -> None:
        [appended] = log.append(ENGAGEMENT, [NewRecord(key, "Grüße 😀".encode())])
        found = Record(appended.offset, key, "Grüße 😀".encode())
        assert list(log.history(key)) == [found]
        assert log.latest_in(ENGAGEMENT, appended.partition, key) == found

    def test_a_value_may_be_empty_or_big(self, log: Log, home: int) -> None:
        big = bytes(range(256)) * 20_000
        log.append(ENGAGEMENT, [NewRecord("acme.com", b""), NewRecord("acme.com", big)])
        assert record_values(all_records(log, ENGAGEMENT, home)) == [b"", big]

    def test_a_batch_may_be_big(self, log: Log, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(*range(5_000)))
        assert record_values(all_records(log, ENGAGEMENT, home)) == [b"fact %d" % n for n in range(5_000)]

    def test_what_was_appended_stands_after_reopening(self, log: Log, reopen: Reopen, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(1, 2))
        log.close()
        assert record_values(all_records(reopen(), ENGAGEMENT, home)) == [b"fact 1", b"fact 2"]

    def test_a_log_keeps_its_generation(self, log: Log, reopen: Reopen) -> None:
        assert {reopen().generation(topic) for topic in TOPICS for _ in range(2)} == {
            log.generation(topic) for topic in TOPICS
        }

    def test_readers_of_one_partition_do_not_disturb_each_other(self, log: Log, home: int) -> None:
        offsets = [each.offset for each in log.append(ENGAGEMENT, fact_records(*range(2_000)))]

        def follow(limit: int) -> list[bytes]:
            seen: list[Record] = []
            while records := log.read(ENGAGEMENT, home, seen[-1].offset + 1 if seen else offsets[0], limit):
                assert len(records) <= limit
                seen += records
            return record_values(seen)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(follow, (7, 7, 150, 5_000))) == [[b"fact %d" % n for n in range(2_000)]] * 4

    def test_the_latest_record_of_a_key_within_a_partition_is_found(self, log: Log) -> None:
        for partition in range(self.partitions):
            values_ = [b"%d old" % partition, b"%d new" % partition]
            log.append(
                SCORES,
                [*score_records_of(*values_, key="~checkpoint"), *score_records_of(b"other")],
                partition=partition,
            )
        found = [log.latest_in(SCORES, each, "~checkpoint") for each in range(self.partitions)]
        assert [record and record.value for record in found] == [b"%d new" % each for each in range(self.partitions)]
        assert log.latest_in(SCORES, 0, "~nothing") is None

    def test_several_partitions_are_read_at_once_each_as_by_itself(self, log: Log) -> None:
        for partition in range(self.partitions):
            for turn in range(3):
                log.append(SCORES, score_records_of(b"%d %d" % (partition, turn)), partition=partition)
        starts = dict.fromkeys(range(self.partitions), 0)
        for limit, expected in ((2, (0, 1)), (500, (2,)), (500, ())):
            read = log.read_each(SCORES, starts, limit)
            assert {each: record_values(records) for each, records in read.items()} == {
                each: [b"%d %d" % (each, turn) for turn in expected] for each in starts
            }
            starts = {each: records[-1].offset + 1 if records else starts[each] for each, records in read.items()}
        log.append(SCORES, score_records_of(b"late"), partition=0)
        assert record_values(log.read_each(SCORES, starts, 500)[0]) == [b"late"]
        assert log.read_each(SCORES, {}, 500) == {}

    def test_the_history_of_an_account_holds_its_records_alone_in_log_order(self, log: Log) -> None:
        for start in range(0, 5_000, 1_000):
            log.append(ENGAGEMENT, fact_records(*range(start, start + 1_000)))
            log.append(ENGAGEMENT, fact_records(-start - 1, key="other.example"))
        history = list(log.history("acme.com"))
        assert record_values(history) == [b"fact %d" % n for n in range(5_000)]
        assert [record.offset for record in history] == sorted({record.offset for record in history})
        assert list(log.history("nobody.example")) == []

    def test_waiting_ends_at_once_where_there_is_more_already(self, log: Log, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(1))
        assert log.wait({home: 0}, timeout=60) is True

    def test_waiting_ends_without_a_record_when_the_time_is_up(self, log: Log, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(1))
        assert log.wait({home: log.end(ENGAGEMENT, home)}, timeout=0.05) is False

    def test_waiting_does_not_mind_other_topics_and_partitions(self, log: Log, home: int) -> None:
        log.append(SQA_HANDOFFS, fact_records(1))
        for other in {*range(self.partitions)} - {home}:
            log.append(ENGAGEMENT, fact_records(100 + other), partition=other)
        assert log.wait({home: 0}, timeout=0.05) is False

    @pytest.mark.parametrize("same_process", [True, False])
    def test_an_append_wakes_who_waits(self, log: Log, reopen: Reopen, home: int, same_process: bool) -> None:
        started, writer = Event(), log if same_process else reopen()

        def wait() -> bool:
            started.set()
            return log.wait({home: 0}, timeout=60)

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(wait)
            started.wait()
            writer.append(ENGAGEMENT, fact_records(1))
            assert waiting.result(timeout=10) is True

    def test_appenders_at_once_lose_nothing_and_keep_their_own_order(self, log: Log, home: int) -> None:
        def append(name: int) -> list[Appended]:
            batches = [fact_records(*range(n, n + 5)) for n in range(name * 1_000, name * 1_000 + 100, 5)]
            return [each for batch in batches for each in log.append(ENGAGEMENT, batch)]

        with ThreadPoolExecutor(4) as pool:
            appended = list(pool.map(append, range(4)))
        numbers = [int(value.split()[1]) for value in record_values(all_records(log, ENGAGEMENT, home))]
        for name in range(4):
            assert [n for n in numbers if n // 1_000 == name] == list(range(name * 1_000, name * 1_000 + 100))
        assert len({each.offset for some in appended for each in some}) == 400


class KeyedLogContract(LogContract):
    """Cases for a log with record ids, keys and units."""

    @pytest.fixture
    def log(self, reopen: ReopenKeyed) -> KeyedLog:
        return reopen()

    def test_an_id_that_stands_is_not_appended_again_and_its_place_is_told(self, log: KeyedLog, home: int) -> None:
        first, second = log.append(ENGAGEMENT, fact_records(1, 2))
        again = log.append(ENGAGEMENT, [*fact_records(3), *fact_records(2), *fact_records(1)])
        assert again[1:] == [second._replace(duplicate=True), first._replace(duplicate=True)]
        assert again[0].duplicate is False
        assert record_values(all_records(log, ENGAGEMENT, home)) == [b"fact 1", b"fact 2", b"fact 3"]

    def test_an_id_repeated_within_a_batch_is_appended_once(self, log: KeyedLog, home: int) -> None:
        first, other, repeated = log.append(ENGAGEMENT, [*fact_records(1), *fact_records(2), *fact_records(1)])
        assert (first.duplicate, other.duplicate) == (False, False)
        assert repeated == first._replace(duplicate=True)
        assert record_values(all_records(log, ENGAGEMENT, home)) == [b"fact 1", b"fact 2"]

    def test_an_id_stands_once_in_the_topic_under_whatever_key(self, log: KeyedLog) -> None:
        [first] = log.append(ENGAGEMENT, [NewRecord("a.example", b"1", id="same")])
        moved = log.append(ENGAGEMENT, [NewRecord(f"{letter}.example", b"2", id="same") for letter in "bcdefgh"])
        assert set(moved) == {first._replace(duplicate=True)}

    @pytest.mark.parametrize("length", [50, 199, 200, 201, 10_000])
    def test_ids_of_any_length_are_told_apart(self, log: KeyedLog, length: int) -> None:
        ids = ["x" * (length - 1) + last for last in "abab"]
        appended = log.append(ENGAGEMENT, [NewRecord("acme.com", b"", id=each) for each in ids])
        assert [each.duplicate for each in appended] == [False, False, True, True]

    def test_ids_may_hold_any_character(self, log: KeyedLog) -> None:
        ids = ["a\nb", "a\0b", "ü", "u\u0308", "\ud800", "日本", ""]
        appended = [log.append(ENGAGEMENT, [NewRecord("acme.com", b"", id=each)])[0] for each in [*ids, *ids]]
        assert [each.duplicate for each in appended] == [False] * len(ids) + [True] * len(ids)

    def test_a_unit_writes_scores_and_dead_letters_and_moves_the_position(self, log: KeyedLog, home: int) -> None:
        letter = NewRecord("acme.com", b"?", "engagement/0/1", (("__connect.errors.topic", b"engagement"),))
        log.append_unit(Unit(home, 0, 7, score_records_of(b"s1", b"s2"), [letter]))
        assert log.position(home) == 7
        assert record_values(all_records(log, SCORES, home)) == [b"s1", b"s2"]
        assert record_values(all_records(log, DEAD_LETTERS, home)) == [b"?"]

    def test_a_units_records_stay_in_its_partition_whatever_their_keys(self, log: KeyedLog) -> None:
        for partition in range(self.partitions):
            log.append_unit(Unit(partition, 0, 1, score_records_of(b"%d" % partition, key="acme.com/c_x"), []))
        found = [record_values(all_records(log, SCORES, each)) for each in range(self.partitions)]
        assert found == [[b"%d" % each] for each in range(self.partitions)]

    def test_a_unit_that_starts_elsewhere_is_refused_and_leaves_nothing(self, log: KeyedLog, home: int) -> None:
        log.append_unit(new_unit(log, 0, 5, b"first"))
        for start in (0, 4, 6):
            with pytest.raises(PositionConflict, match=f"no longer at offset {start}"):
                log.append_unit(new_unit(log, start, 9, b"stale"))
        assert log.position(home) == 5
        assert record_values(all_records(log, SCORES, home)) == [b"first"]

    def test_of_many_scorers_that_write_the_same_unit_one_succeeds(self, log: KeyedLog, home: int) -> None:
        def write(name: int) -> bool:
            try:
                log.append_unit(new_unit(log, 0, 5, b"by %d" % name))
            except PositionConflict:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(write, range(6))) == 1
        assert len(all_records(log, SCORES, home)) == 1

    def test_the_latest_record_of_each_key_is_found(self, log: KeyedLog) -> None:
        for round_ in range(3):
            for key in ("a.example", "b.example", "c.example"):
                log.append(SCORES, score_records_of(b"%s %d" % (key.encode(), round_), key=key))
        found = log.latest(SCORES, ["b.example", "c.example", "absent.example", "b.example"])
        assert {key: record.value for key, record in found.items()} == {
            "b.example": b"b.example 2",
            "c.example": b"c.example 2",
        }
        assert log.latest(SCORES, []) == {}

    def test_the_latest_records_below_a_key_are_found(self, log: KeyedLog, home: int) -> None:
        keys = ["acme.com", "acme.com/c_b", "acme.com/c_a", "acme.com-x/c_a", "acme.com0", "acme.co", "acme.com/ö"]
        for round_ in (b"old ", b"new "):
            log.append(SCORES, [NewRecord(key, round_ + key.encode()) for key in keys], partition=home)
        found = log.latest_below(SCORES, "acme.com")
        expected = ["acme.com", "acme.com/c_a", "acme.com/c_b", "acme.com/ö"]
        assert sorted(record_values(list(found))) == [b"new " + key.encode() for key in expected]

    def test_of_appenders_of_the_same_ids_at_once_each_id_has_one(self, log: KeyedLog, home: int) -> None:
        with ThreadPoolExecutor(4) as pool:
            appended = list(pool.map(lambda _: log.append(ENGAGEMENT, fact_records(*range(200))), range(4)))
        assert sum(not each.duplicate for some in appended for each in some) == 200
        assert len({tuple((each.partition, each.offset) for each in some) for some in appended}) == 1
        assert len(all_records(log, ENGAGEMENT, home)) == 200

    def test_what_was_written_stands_after_reopening(self, log: KeyedLog, reopen: ReopenKeyed, home: int) -> None:
        log.append(ENGAGEMENT, fact_records(1, 2))
        log.append_unit(new_unit(log, 0, 2, b"s"))
        log.close()
        again = reopen()
        assert (again.position(home), record_values(all_records(again, SCORES, home))) == (2, [b"s"])
        assert [each.duplicate for each in again.append(ENGAGEMENT, fact_records(2, 3))] == [True, False]

    def test_the_ids_of_a_big_batch_are_known(self, log: KeyedLog) -> None:
        log.append(ENGAGEMENT, fact_records(*range(5_000)))
        assert [each.duplicate for each in log.append(ENGAGEMENT, fact_records(*range(4_999, 5_001)))] == [True, False]
