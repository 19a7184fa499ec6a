"""What stands in a topic of the broker. Never as a member of a group, so that it leaves no trace."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

_MAX_RECORDS = 20_000


class Latest(NamedTuple):
    """The last value of every key, and when the broker appended the first and the last record (milliseconds)."""

    values: dict[bytes, bytes]
    records: int
    first: int
    last: int


def latest_of(servers: Iterable[str], topic: str) -> Latest:
    values: dict[bytes, bytes] = {}
    stamps: list[int] = []

    def note(records: list[ConsumerRecord]) -> None:
        values.update((record.key, record.value) for record in records)
        stamps.extend(record.timestamp for record in records)

    read_topic(servers, topic, note)
    return Latest(values, len(stamps), min(stamps, default=0), max(stamps, default=0))


def append_times_of(servers: Iterable[str], topic: str, key: bytes) -> dict[int, list[int]]:
    """Partition -> when the broker appended each record of the key (milliseconds)."""
    stamps: dict[int, list[int]] = {}

    def note(records: list[ConsumerRecord]) -> None:
        for record in records:
            if record.key == key:
                stamps.setdefault(record.partition, []).append(record.timestamp)

    read_topic(servers, topic, note)
    return stamps


def read_topic(servers: Iterable[str], topic: str, on_records: Callable[[list[ConsumerRecord]], None]) -> None:
    """Every record of the topic up to its ends as they are now; of one partition in order."""
    asyncio.run(_read_topic(list(servers), topic, on_records))


async def _read_topic(servers: list[str], topic: str, on_records: Callable[[list[ConsumerRecord]], None]) -> None:
    async with AIOKafkaConsumer(topic, bootstrap_servers=servers, max_partition_fetch_bytes=4 << 20) as consumer:
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
    async with AIOKafkaConsumer(bootstrap_servers=servers, max_partition_fetch_bytes=4 << 20) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends: dict[Any, int] = await consumer.end_offsets(partitions)
        while behind := [each for each in partitions if await consumer.position(each) < ends[each]]:
            for records in (await consumer.getmany(*behind, timeout_ms=500, max_records=_MAX_RECORDS)).values():
                on_records(records)
