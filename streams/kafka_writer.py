"""Appending to topics of Apache Kafka: acknowledged before anything is answered. Never drops a record in silence."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from kafka import errors as broken

from schemas.topics import LARGEST_RECORD
from streams.kafka_address import KafkaAddress
from streams.kafka_clients import in_words, open_producer
from streams.log import Appended, LogError, NewRecord
from streams.partitioning import partition_of

_ENVELOPE = 512
"""Bytes of a batch around one record, at most."""


class Writer:
    """One idempotent producer, made when it is needed first. Threads may share it."""

    def __init__(self, address: KafkaAddress, client: str, patience: float) -> None:
        self._address, self._client, self._patience = address, client, patience
        self._producer: Any = None
        self._lock = Lock()

    def append(
        self, topic: str, records: Sequence[NewRecord], partition: int | None, partitions: int
    ) -> list[Appended]:
        """`topic`: the broker's name of it; `partition`: None for that of each key. Nothing is sent if one is unfit."""
        keys = [fit(topic, record) for record in records]
        producer = self._opened()
        try:
            sent = [
                producer.send(
                    topic,
                    record.value,
                    key,
                    list(record.headers),
                    partition_of(record.key, partitions) if partition is None else partition,
                )
                for key, record in zip(keys, records, strict=True)
            ]
            return [self._acknowledged(future) for future in sent]
        except broken.KafkaError as error:
            raise self._broken(error, producer, topic) from error

    def close(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=self._patience)

    def _opened(self) -> Any:
        with self._lock:
            if self._producer is None:
                self._producer = open_producer(self._address, self._client, self._patience)
            return self._producer

    def _acknowledged(self, future: Any) -> Appended:
        stands = future.get(timeout=2 * self._patience)
        return Appended(stands.partition, stands.offset, duplicate=False)

    def _broken(self, error: broken.KafkaError, producer: Any, topic: str) -> LogError:
        return in_words(error, self._address, f"topic {topic}")


def fit(topic: str, record: NewRecord) -> bytes:
    """The key as it is written. Raises `LogError` for a record that no broker would take."""
    try:
        key = record.key.encode()
    except UnicodeEncodeError:
        raise LogError(f"the key {record.key!r} cannot be written to topic {topic}: it is no text") from None
    size = len(key) + len(record.value) + sum(len(name) + len(value) + 10 for name, value in record.headers)
    if size + _ENVELOPE > LARGEST_RECORD:
        raise LogError(
            f"a record of {size:,} bytes under the key {record.key!r} is too large for topic {topic}, which takes "
            f"{LARGEST_RECORD:,}; nothing of its batch was written: leave it out or divide it"
        )
    return key
