"""What a worker asks of Kafka beside its group: batches written, partitions read. Never makes the clients itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from streams.kafka.address import KafkaAddress
from streams.worker.ports import Work
from streams.worker.recovery import Chunk
from streams.worker.units import Letter, Pair

_CHUNK = 5_000
"""Records that are read at once: the loop has to beat in between."""
_POLL_MS = 1_000


def client_options(address: KafkaAddress) -> dict[str, Any]:
    """What every client is told."""
    rest = {name: value for name, value in address.options.items() if not name.startswith("ssl_")}
    encrypted = address.options.get("security_protocol", "").endswith("SSL")
    context = _context(address.options) if encrypted else None
    return {**rest, "ssl_context": context, "bootstrap_servers": list(address.servers), "client_id": "staffel-worker"}


def _context(options: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_cafile"))
    if "ssl_certfile" in options:
        context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"), options.get("ssl_password"))
    return context


class BatchAppender:
    """`producer`: idempotent, acknowledged by all replicas, its batches as large as the broker takes."""

    def __init__(self, producer: Any, work: Work) -> None:
        self._producer, self._work = producer, work

    async def unit(self, partition: int, records: Sequence[Pair]) -> "asyncio.Future[int]":
        """ValueError where the records do not fit one batch."""
        batch = self._producer.create_batch()
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                raise ValueError(f"{len(records)} records do not fit one batch")
        batch.close()
        sent = await self._producer.send_batch(batch, self._work.output, partition=partition)
        return asyncio.ensure_future(_offset(sent))

    async def letters(self, partition: int, letters: Sequence[Letter]) -> None:
        sent = [
            await self._producer.send(
                self._work.letters, key=each.key, value=each.value, headers=list(each.headers), partition=partition
            )
            for each in letters
        ]
        await asyncio.gather(*sent)


async def _offset(sent: "asyncio.Future[Any]") -> int:
    return int((await sent).offset)


class PartitionReader:
    """`consumer`: of no group, with these places (topic -> its topic and partition) assigned and paused."""

    def __init__(self, consumer: Any, places: Mapping[str, Any]) -> None:
        self._consumer, self._places = consumer, places

    async def bounds(self, topic: str) -> tuple[int, int]:
        place = self._places[topic]
        begin = await self._consumer.beginning_offsets([place])
        end = await self._consumer.end_offsets([place])
        return begin[place], end[place]

    async def read(self, topic: str, start: int, end: int) -> AsyncIterator[Chunk]:
        place, consumer = self._places[topic], self._consumer
        consumer.seek(place, start)
        consumer.resume(place)
        position = start
        while position < end:
            fetched = await consumer.getmany(place, timeout_ms=_POLL_MS, max_records=_CHUNK)
            position = await consumer.position(place)
            yield fetched.get(place, []), position
        consumer.pause(place)
