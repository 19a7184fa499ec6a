"""The alerts on Apache Kafka, where a record may be on its topic twice, and a topic may be recreated."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alerts.outbox import AlertOutbox
from database.engine import open_database
from schemas.topics import SQA_HANDOFFS
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.log import LogRefused
from tests import databases
from tests.alerts.alert_runner import (
    append_events,
    await_count,
    delivered_counter,
    new_alerts,
    recent_event,
    running_alerts,
    webhook_settings,
)
from tests.alerts.receiver import Receiver
from tests.kafka.topics import fresh_topics
from tests.requirements import kafka_server

PARTITIONS = 3


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(databases.migrated_database("postgresql", tmp_path))
    yield made
    made.dispose()


@pytest.fixture
def address() -> Iterator[KafkaAddress]:
    with fresh_topics(kafka_server(), PARTITIONS) as made:
        yield made


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KafkaLog]:
    made = KafkaLog(address, client="alerts")
    yield made
    made.close()


def test_every_partition_makes_one_alert_per_event_despite_duplicates(
    engine: Engine, log: KafkaLog, receiver: Receiver
) -> None:
    accounts = [f"account-{n}.com" for n in range(12)]
    events = [recent_event(account) for account in accounts]
    with running_alerts(new_alerts(engine, log, webhook_settings(crm=receiver))):
        append_events(log, *events, *events)
        await_count(delivered_counter(engine), 12)
        append_events(log, recent_event("last.com"), *events)
        await_count(delivered_counter(engine), 13)

    assert sorted(request.verified_event()["subject"] for request in receiver.requests) == sorted(
        [*accounts, "last.com"]
    )
    ends = {partition: log.end(SQA_HANDOFFS, partition) for partition in range(PARTITIONS)}
    assert min(ends.values()) > 0
    assert AlertOutbox(engine).positions(log.generation(SQA_HANDOFFS), PARTITIONS) == ends


def test_a_restart_resumes_at_the_checkpoint(engine: Engine, log: KafkaLog, receiver: Receiver) -> None:
    for number in range(3):
        append_events(log, recent_event(f"account-{number}.com"))
        with running_alerts(new_alerts(engine, log, webhook_settings(crm=receiver), holder=f"holder-{number}")):
            await_count(delivered_counter(engine), number + 1)

    assert [request.verified_event()["subject"] for request in receiver.requests] == [
        f"account-{n}.com" for n in range(3)
    ]


def test_the_topics_of_another_log_are_refused(engine: Engine, log: KafkaLog, receiver: Receiver) -> None:
    append_events(log, recent_event())
    with running_alerts(new_alerts(engine, log, webhook_settings(crm=receiver))):
        await_count(delivered_counter(engine), 1)
    with fresh_topics(kafka_server(), PARTITIONS) as elsewhere:
        other = KafkaLog(elsewhere, client="alerts")
        step = new_alerts(engine, other, webhook_settings(crm=receiver))
        with pytest.raises(LogRefused, match=r"sqa-handoffs .* is not the topic"):
            step.advance()
        step.close()
        other.close()
