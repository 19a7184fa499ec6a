"""Topics of a test on a shared broker: each test uses a prefix of its own."""

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
    """An address with a new prefix, without topics."""
    return KafkaAddress((server,), {}, f"test-{uuid4().hex[:12]}.")


def log_setting(address: KafkaAddress) -> str:
    """The value of STAFFEL_LOG."""
    return f"{address}?prefix={address.prefix}"
