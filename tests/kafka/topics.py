"""Topics of a test's own on a broker that many tests share: each gets another prefix. Never touches other topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress


@contextmanager
def fresh_topics(server: str, partitions: int = 1) -> Iterator[KafkaAddress]:
    """The address of a new log; its topics are deleted afterwards. `server`: HOST:PORT."""
    address = fresh_address(server)
    kafka_topics.create_topics(address, partitions)
    yield address
    kafka_topics.delete_topics(address)


def fresh_address(server: str) -> KafkaAddress:
    """Where no topic stands yet."""
    return KafkaAddress((server,), {}, f"test-{uuid4().hex[:12]}.")


def log_setting(address: KafkaAddress) -> str:
    """What STAFFEL_LOG says."""
    return f"{address}?prefix={address.prefix}"
