"""The log on a real Kafka broker passes the contract of all logs, and tests of its own."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from tests.kafka.topics import fresh_topics
from tests.requirements import kafka_server
from tests.streams.log_contract import LogContract

ReopenKafka = Callable[[], KafkaLog]


class KafkaLogContract(LogContract):
    partitions: ClassVar[int]

    @pytest.fixture
    def address(self) -> Iterator[KafkaAddress]:
        with fresh_topics(kafka_server(), self.partitions) as address:
            yield address

    @pytest.fixture
    def reopen(self, address: KafkaAddress) -> Iterator[ReopenKafka]:
        opened: list[KafkaLog] = []

        def open_log() -> KafkaLog:
            opened.append(KafkaLog(address, client="test", retry_timeout_s=30))
            return opened[-1]

        yield open_log
        for log in opened:
            log.close()


class TestKafkaLogOfOnePartition(KafkaLogContract):
    partitions = 1


class TestKafkaLogOfFourPartitions(KafkaLogContract):
    partitions = 4
