"""Appending to topics: an append returns once all replicas have acknowledged its records."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from kafka import errors as kafka_errors

from schemas import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import open_producer
from streams.kafka.connection_errors import log_error_of
from streams.log import Appended, LogError, NewRecord
from streams.partitioner import partition_of

_BATCH_OVERHEAD_BYTES = 512
"""The most that a batch takes beside its only record."""


class SharedProducer:
    """A producer with the number of threads that use it; no new thread uses one that has failed."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.use_count = 0
        self.has_failed = False


class RecordProducer:
    """One idempotent producer, created on first use. Thread-safe.

    After an error a producer may reject everything that follows, so the next append creates a new one.
    """

    def __init__(self, address: KafkaAddress, client: str, timeout_s: float) -> None:
        self._address, self._client, self._timeout_s = address, client, timeout_s
        self._shared: SharedProducer | None = None
        self._lock = Lock()

    def append(
        self, topic: str, records: Sequence[NewRecord], partition: int | None, partitions: int
    ) -> list[Appended]:
        """`topic`: its name on the broker; `partition`: None for that of each key. An invalid record prevents all.

        When this returns or raises, no record is in flight: nothing is written later.
        """
        keys = [encode_key(topic, record) for record in records]
        targets = [partition_of(each.key, partitions) if partition is None else partition for each in records]
        with self._borrow_producer() as shared:
            futures: list[Any] = []
            try:
                for key, record, target in zip(keys, records, targets, strict=True):
                    futures.append(shared.producer.send(topic, record.value, key, list(record.headers), target))
                return [self._await_ack(future) for future in futures]
            except kafka_errors.KafkaError as error:
                shared.has_failed = True
                self._await_all(futures)
                raise log_error_of(error, self._address, f"topic {topic}") from error

    def close(self) -> None:
        with self._lock:
            shared, self._shared = self._shared, None
        if shared is not None:
            shared.producer.close(timeout=self._timeout_s)

    @contextmanager
    def _borrow_producer(self) -> Iterator[SharedProducer]:
        with self._lock:
            if self._shared is None or self._shared.has_failed:
                self._shared = SharedProducer(open_producer(self._address, self._client, self._timeout_s))
            shared = self._shared
            shared.use_count += 1
        try:
            yield shared
        finally:
            with self._lock:
                shared.use_count -= 1
                is_unused = shared.has_failed and not shared.use_count
            if is_unused:
                shared.producer.close(timeout=0)

    def _await_ack(self, future: Any) -> Appended:
        metadata = future.get(timeout=2 * self._timeout_s)
        return Appended(metadata.partition, metadata.offset, duplicate=False)

    def _await_all(self, futures: Sequence[Any]) -> None:
        for future in futures:
            with suppress(kafka_errors.KafkaError):
                future.get(timeout=2 * self._timeout_s)


def encode_key(topic: str, record: NewRecord) -> bytes:
    """The key as written. Raises `LogError` for a record that the broker would reject."""
    try:
        key = record.key.encode()
    except UnicodeEncodeError:
        raise LogError(f"the key {record.key!r} cannot be written to topic {topic}: it is not valid text") from None
    size = len(key) + len(record.value) + sum(len(name) + len(value) + 10 for name, value in record.headers)
    if size + _BATCH_OVERHEAD_BYTES > MAX_RECORD_BYTES:
        raise LogError(
            f"a record of {size:,} bytes under the key {record.key!r} is too large for topic {topic}, which accepts "
            f"{MAX_RECORD_BYTES:,}; its batch was not written: omit the record or split it"
        )
    return key
