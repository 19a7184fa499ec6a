"""What a worker does with Kafka outside its group: it writes batches and reads partitions, by clients it is given."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from streams.kafka.address import KafkaAddress
from streams.worker.ports import WorkerTask
from streams.worker.recovery import ReadChunk
from streams.worker.units import DeadLetter, KeyValue

_MAX_POLL_RECORDS = 5_000
"""Records of one poll: the event loop has to run in between, for the heartbeat."""
_POLL_TIMEOUT_MS = 1_000


def client_options(address: KafkaAddress) -> dict[str, Any]:
    """Settings common to all clients."""
    non_ssl = {name: value for name, value in address.options.items() if not name.startswith("ssl_")}
    encrypted = address.options.get("security_protocol", "").endswith("SSL")
    context = _ssl_context(address.options) if encrypted else None
    return {
        **non_ssl,
        "ssl_context": context,
        "bootstrap_servers": list(address.servers),
        "client_id": "staffel-worker",
    }


def _ssl_context(options: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_cafile"))
    if "ssl_certfile" in options:
        context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"), options.get("ssl_password"))
    return context


class UnitAppender:
    """`producer`: idempotent, acknowledged by all replicas, its batches as large as the broker accepts."""

    def __init__(self, producer: Any, task: WorkerTask) -> None:
        self._producer, self._task = producer, task

    async def send_unit(self, partition: int, records: Sequence[KeyValue]) -> "asyncio.Future[int]":
        """Raises ValueError if the records do not fit into one batch."""
        batch = self._producer.create_batch()
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                raise ValueError(f"{len(records)} records do not fit into one batch")
        batch.close()
        sent = await self._producer.send_batch(batch, self._task.output, partition=partition)
        return asyncio.ensure_future(_first_offset(sent))

    async def send_dead_letters(self, partition: int, dead_letters: Sequence[DeadLetter]) -> None:
        sent = [
            await self._producer.send(
                self._task.dead_letters, key=each.key, value=each.value, headers=list(each.headers), partition=partition
            )
            for each in dead_letters
        ]
        await asyncio.gather(*sent)


async def _first_offset(sent: "asyncio.Future[Any]") -> int:
    return int((await sent).offset)


class KafkaPartitionReader:
    """`consumer`: without a group, with these partitions (topic -> topic and partition) assigned and paused."""

    def __init__(self, consumer: Any, topic_partitions: Mapping[str, Any]) -> None:
        self._consumer, self._topic_partitions = consumer, topic_partitions

    async def bounds(self, topic: str) -> tuple[int, int]:
        topic_partition = self._topic_partitions[topic]
        begin = await self._consumer.beginning_offsets([topic_partition])
        end = await self._consumer.end_offsets([topic_partition])
        return begin[topic_partition], end[topic_partition]

    async def read(self, topic: str, start: int, end: int) -> AsyncIterator[ReadChunk]:
        topic_partition, consumer = self._topic_partitions[topic], self._consumer
        consumer.seek(topic_partition, start)
        consumer.resume(topic_partition)
        position = start
        while position < end:
            fetched = await consumer.getmany(
                topic_partition, timeout_ms=_POLL_TIMEOUT_MS, max_records=_MAX_POLL_RECORDS
            )
            position = await consumer.position(topic_partition)
            yield fetched.get(topic_partition, []), position
        consumer.pause(topic_partition)
