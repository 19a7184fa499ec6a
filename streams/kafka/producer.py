"""Appending to topics of Apache Kafka: acknowledged before anything is answered. Never drops a record in silence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from kafka import errors as kafka_errors

from schemas.topics import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import log_error_of, open_producer
from streams.log import Appended, LogError, NewRecord
from streams.partitioner import partition_of

_BATCH_OVERHEAD_BYTES = 512
"""Bytes of a batch around one record, at most."""


class SharedProducer:
    """A producer with the number of threads that use it; one that failed gets no new ones."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.use_count = 0
        self.has_failed = False


class RecordProducer:
    """One idempotent producer, made when it is needed first. Threads may share it.

    A producer that met an error may refuse everything that follows: the next append makes a new one.
    """

    def __init__(self, address: KafkaAddress, client: str, timeout_s: float) -> None:
        self._address, self._client, self._timeout_s = address, client, timeout_s
        self._shared: SharedProducer | None = None
        self._lock = Lock()

    def append(
        self, topic: str, records: Sequence[NewRecord], partition: int | None, partitions: int
    ) -> list[Appended]:
        """`topic`: the broker's name of it; `partition`: None for that of each key. Nothing is sent if one is unfit.

        Whatever was on its way has ended when this returns or raises: nothing is written later.
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
    """The key as it is written. Raises `LogError` for a record that no broker would take."""
    try:
        key = record.key.encode()
    except UnicodeEncodeError:
        raise LogError(f"the key {record.key!r} cannot be written to topic {topic}: it is no text") from None
    size = len(key) + len(record.value) + sum(len(name) + len(value) + 10 for name, value in record.headers)
    if size + _BATCH_OVERHEAD_BYTES > MAX_RECORD_BYTES:
        raise LogError(
            f"a record of {size:,} bytes under the key {record.key!r} is too large for topic {topic}, which takes "
            f"{MAX_RECORD_BYTES:,}; nothing of its batch was written: leave it out or divide it"
        )
    return key
