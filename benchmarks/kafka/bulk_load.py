"""Facts in bulk onto `engagement`, as they stand there: the first activation in every partition, then facts by key.

Never through intake: what is measured begins with the topic.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.fold import key_of
from benchmarks.worlds import MODEL, START
from schemas.envelope import FACT_HEADERS
from schemas.topics import ENGAGEMENT
from streams.activation import activate
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.kafka.topics import create_topics
from streams.log import NewRecord
from streams.partitioner import partition_of

_BATCH_BYTES = 256 * 1024
"""As large as the product's own producer makes them; compressed as there."""
PartitionedRecord = tuple[int, NewRecord]
"""A record and its partition."""


def create_log(address: KafkaAddress, partitions: int, model: str = MODEL) -> None:
    """All topics, as `staffel topics create` makes them."""
    create_topics(address, partitions)
    with closing(KafkaLog(address)) as log:
        activate(log, lambda: (model, "bench"), lambda: START)


def load_facts(address: KafkaAddress, values: Iterable[bytes], partitions: int) -> None:
    """Facts, each to the partition of its account. Returns when the broker has all of them."""
    keyed = ((key_of(value), value) for value in values)
    send_records(
        address,
        ENGAGEMENT,
        ((partition_of(key, partitions), NewRecord(key, v, None, FACT_HEADERS)) for key, v in keyed),
    )


def send_records(address: KafkaAddress, topic: str, records: Iterable[PartitionedRecord]) -> None:
    asyncio.run(_send_records(address, address.topic_name(topic), records))


async def _send_records(address: KafkaAddress, topic: str, records: Iterable[PartitionedRecord]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=list(address.servers), acks="all", compression_type="lz4", max_batch_size=_BATCH_BYTES
    )
    await producer.start()
    try:
        batches = _BatchBuilder(producer.create_batch)
        sent = [
            await producer.send_batch(batch, topic, partition=partition) for partition, batch in batches.build(records)
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


class _BatchBuilder:
    """One growing batch for every partition."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._open_batches: dict[int, Any] = {}

    def build(self, records: Iterable[PartitionedRecord]) -> Iterable[tuple[int, Any]]:
        """Batches in the order in which they are full, then what is left."""
        for partition, record in records:
            batch = self._open_batches.get(partition)
            if batch is not None and self._add(batch, record):
                continue
            if batch is not None:
                yield partition, batch
            self._open_batches[partition] = self._make()
            self._add(self._open_batches[partition], record)
        yield from self._open_batches.items()

    def _add(self, batch: Any, record: NewRecord) -> bool:
        headers = list(record.headers)
        return batch.append(timestamp=None, key=record.key.encode(), value=record.value, headers=headers) is not None
