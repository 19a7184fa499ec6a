"""Recorders on a real broker, killed at random moments and restarted: each fact is recorded once."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from database.engine import open_database
from schemas.topics import ENGAGEMENT
from streams.kafka.address import parse_kafka_address
from streams.kafka.log import KafkaLog
from streams.kafka.topics import create_topics
from streams.scorer.deduplication import DuplicateWindow
from tests import databases
from tests.intake.recorder.recorder_main import BATCH_SIZE
from tests.requirements import kafka_server

BATCHES, KILLS, PARTITIONS = 40, 5, 3
FACTS = BATCHES * BATCH_SIZE


@pytest.fixture
def kafka() -> str:
    """The address of a new log with three partitions."""
    address = f"kafka://{kafka_server()}?prefix=inbox-{uuid4().hex[:8]}."
    create_topics(parse_kafka_address(address), PARTITIONS)
    return address


@pytest.fixture
def postgres(tmp_path: Path) -> str:
    """The address of a database with an empty vault."""
    address = databases.migrated_database("postgresql", tmp_path)
    databases.vault_beside(open_database(address))
    return address


def start_recorder(postgres: str, kafka: str, first: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.intake.recorder.recorder_main", postgres, kafka, str(first), str(BATCHES)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True)


def answered_batches(process: "subprocess.Popen[str]", after: int | None = None) -> int:
    """The number of recorded batches; killed after it has reported `after` of them."""
    done = 0
    assert process.stdout is not None
    for line in process.stdout:
        done = int(line.split()[0]) + 1
        after = None if after is None else after - 1
        if after == 0:
            process.kill()
    process.wait(60)
    return done


def recorded_facts(kafka: str) -> Iterator[list[tuple[str, str]]]:
    """Id and account of the recorded facts of each partition, in order."""
    log = KafkaLog(parse_kafka_address(kafka))
    for partition in range(PARTITIONS):
        facts = [msgspec.json.decode(r.value) for r in log.read(ENGAGEMENT, partition, 0, 10 * FACTS)]
        yield [(f"{fact['source']}\n{fact['id']}", fact["subject"]) for fact in facts]
    log.close()


def test_a_killed_recorders_repeated_batches_are_recorded_once(postgres: str, kafka: str) -> None:
    chance, first = random.Random(4), 0
    for _ in range(KILLS):
        first = max(first, answered_batches(start_recorder(postgres, kafka, first), after=chance.randint(1, 6)))
    assert answered_batches(start_recorder(postgres, kafka, max(0, first - 2))) == BATCHES

    facts = [fact for partition in recorded_facts(kafka) for fact in partition]
    assert [id for id, times in Counter(id for id, _ in facts).items() if times > 1] == []
    assert sum(id.startswith("web\n") for id, _ in facts) == FACTS


def test_two_recorders_of_the_same_facts_agree_on_accounts_and_each_fact_counts_once(postgres: str, kafka: str) -> None:
    both = [start_recorder(postgres, kafka, 0) for _ in range(2)]
    assert [answered_batches(process) for process in both] == [BATCHES, BATCHES]

    accounts: dict[str, str] = {}
    counted = Counter[str]()
    for partition in recorded_facts(kafka):
        window = DuplicateWindow()
        for offset, (id, account) in enumerate(partition):
            assert accounts.setdefault(id, account) == account
            counted[id] += not window.check_and_add(id, offset)
    assert set(counted.values()) == {1}
    assert sum(id.startswith("web\n") for id in counted) == FACTS
