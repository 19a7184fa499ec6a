"""Replay and verify on Kafka give the same results as in a database, and write nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from audit.parallel_replay import ReplayJob, replay_in_parallel
from audit.verify import Mismatch, verify
from schemas.scores import decode_account_scored, encode_score
from schemas.topics import ENGAGEMENT, SCORES, TOPICS
from staffel.application import Application
from staffel.cli.answers import record_decision
from staffel.connect import create_home
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client
from streams.kafka.log import KafkaLog
from streams.log import Log, NewRecord
from tests import databases
from tests.audit.test_replay import log_with_facts
from tests.crash.case_runner import CrashDatabase
from tests.crash.crash_cases import at, decision_step, ingest_step, registrations, replies
from tests.kafka.topics import fresh_topics
from tests.requirements import kafka_server
from tests.scoring.fold_runner import Json
from tests.scoring.vectors import vector_named
from tests.scoring.world_strategies import World
from tests.staffel.cli.sales_home import ACQUISITION, Clock, sales_home

VECTOR_NAMES = [f"{name}.example" for name in "abcdefgh"]
HANDOFF = "acme/sales/1"


def copy_log(source: Log, target: Log) -> None:
    """Copy every record to the same partition and offset."""
    for topic in TOPICS:
        for partition in range(source.partitions(topic)):
            records = source.read(topic, partition, 0, 100_000)
            copies = [NewRecord(record.key, record.value, None, record.headers) for record in records]
            appended = target.append(topic, copies, partition)
            assert [each.offset for each in appended] == [record.offset for record in records]


def groups_and_ends(address: KafkaAddress, log: Log) -> tuple[set[str], dict[tuple[str, int], int]]:
    """Consumer groups and end offsets, which an audit must not change."""
    admin = admin_client(address)
    groups = {group["group_id"] for group in admin.list_groups()}
    admin.close()
    return groups, {(topic, p): log.end(topic, p) for topic in TOPICS for p in range(log.partitions(topic))}


@pytest.fixture
def four_partitions(tmp_path: Path) -> Iterator[tuple[ReplayJob, ReplayJob]]:
    """Eight accounts in four partitions: in a database, and on Kafka."""
    vector = vector_named("20-when")
    facts: list[Json] = [{**each, "subject": name} for name in VECTOR_NAMES for each in vector.facts]
    source = log_with_facts(tmp_path, World(vector.model, [{**each, "id": f"{n}"} for n, each in enumerate(facts)]), 4)
    with fresh_topics(kafka_server(), 4) as address:
        target = KafkaLog(address, client="test")
        copy_log(source, target)
        source.close()
        target.close()
        yield ReplayJob(f"sqlite:///{tmp_path / 'staffel.db'}", 4), ReplayJob(address, 4)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_replay_gives_the_same_on_both_logs(four_partitions: tuple[ReplayJob, ReplayJob], processes: int) -> None:
    stored, on_kafka = four_partitions
    told_ = replay_in_parallel(on_kafka, processes)
    assert [row["account"] for row in told_["accounts"]] == VECTOR_NAMES
    assert told_ == replay_in_parallel(stored)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Two accounts handed over, one of them accepted, in a database."""
    staffel = create_home(
        CrashDatabase(databases.migrated_database("sqlite", tmp_path_factory.mktemp("home"))).settings(),
        clock=lambda: at(12),
    )
    for act in (ingest_step(registrations), ingest_step(replies), decision_step(HANDOFF, "accepted")):
        act(staffel)
    yield staffel
    staffel.close()


@pytest.fixture
def log(home: Application) -> Iterator[KafkaLog]:
    """The same log on Kafka."""
    with fresh_topics(kafka_server()) as address:
        log = KafkaLog(address, client="test")
        copy_log(home.log, log)
        yield log
        log.close()


def last_update(log: Log, account: str) -> NewRecord:
    record = log.latest_in(SCORES, 0, account)
    assert record is not None
    return NewRecord(record.key, record.value)


def test_unaltered_records_have_no_mismatch(home: Application, log: KafkaLog) -> None:
    verified = verify(log, home.engine)
    assert (verified.accounts, verified.facts, verified.mismatches) == (3, 8, [])


def test_a_late_write_of_an_older_state_changes_nothing(home: Application, log: KafkaLog) -> None:
    older = next(each for each in log.read(SCORES, 0, 0, 100) if each.key == "acme")
    assert decode_account_scored(older.value).digest != decode_account_scored(last_update(log, "acme").value).digest
    log.append(SCORES, [NewRecord("acme", older.value)], partition=0)
    assert verify(log, home.engine).mismatches == []


def test_an_altered_digest_of_the_topic_is_found(home: Application, log: KafkaLog) -> None:
    scored = decode_account_scored(last_update(log, "acme").value)
    forged = replace(scored, digest="0" * len(scored.digest))
    log.append(SCORES, [NewRecord("acme", encode_score(forged))], partition=0)
    expected = Mismatch("acme", None, "scores.digest", forged.digest, scored.digest)
    assert verify(log, home.engine).mismatches == [expected]


def test_an_update_that_cannot_be_read_is_named(home: Application, log: KafkaLog) -> None:
    log.append(SCORES, [NewRecord("acme", b"{")], partition=0)
    [mismatch] = verify(log, home.engine).mismatches
    assert (mismatch.account, mismatch.field) == ("acme", "scores")


def test_an_audit_leaves_no_trace(
    home: Application, log: KafkaLog, four_partitions: tuple[ReplayJob, ReplayJob]
) -> None:
    _, order = four_partitions
    assert isinstance(order.address, KafkaAddress)
    replayed = KafkaLog(order.address, client="test")
    before = groups_and_ends(order.address, replayed), groups_and_ends(order.address, log)
    replay_in_parallel(order, processes=2)
    verify(log, home.engine)
    assert (groups_and_ends(order.address, replayed), groups_and_ends(order.address, log)) == before
    assert before[0][1][ENGAGEMENT, 0] > 0
    replayed.close()


@pytest.mark.parametrize("expires_first", [True, False])
def test_an_answer_at_the_very_due_time_is_not_late_on_either_log(tmp_path: Path, expires_first: bool) -> None:
    clock = Clock("2026-01-05T09:00:00Z")
    with sales_home(tmp_path, clock) as sales, fresh_topics(kafka_server(), 1) as address:
        sales.record("web.form_submitted", form="demo")
        clock.set("2026-01-05T13:00:00Z")
        if expires_first:
            sales.run_timers()
        record_decision(sales.application, ACQUISITION, "accepted", {"handoff": ACQUISITION, "by": "anna"})
        sales.run_timers()
        with closing(KafkaLog(address, client="test")) as target:
            copy_log(sales.application.log, target)
        on_kafka = replay_in_parallel(ReplayJob(address, 1), 1)
        stored = replay_in_parallel(ReplayJob(f"sqlite:///{tmp_path / 'sales' / 'staffel.db'}", 1), 1)

    assert on_kafka == stored
    assert [(row["handoff"], row["status"], row["late"]) for row in stored["handoffs"]] == [
        (ACQUISITION, "accepted", False)
    ]
