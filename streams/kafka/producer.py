"""Appending to topics of Apache Kafka: acknowledged before anything is answered. Never drops a record in silence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from kafka import errors as broken

from schemas.topics import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import in_words, open_producer
from streams.log import Appended, LogError, NewRecord
from streams.partitioner import partition_of

_ENVELOPE = 512
"""Bytes of a batch around one record, at most."""


class Shared:
    """A producer with the number of threads that use it; one that failed gets no new ones."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.uses = 0
        self.failed = False


class Writer:
    """One idempotent producer, made when it is needed first. Threads may share it.

    A producer that met an error may refuse everything that follows: the next append makes a new one.
    """

    def __init__(self, address: KafkaAddress, client: str, patience: float) -> None:
        self._address, self._client, self._patience = address, client, patience
        self._shared: Shared | None = None
        self._lock = Lock()

    def append(
        self, topic: str, records: Sequence[NewRecord], partition: int | None, partitions: int
    ) -> list[Appended]:
        """`topic`: the broker's name of it; `partition`: None for that of each key. Nothing is sent if one is unfit.

        Whatever was on its way has ended when this returns or raises: nothing is written later.
        """
        keys = [fit(topic, record) for record in records]
        places = [partition_of(each.key, partitions) if partition is None else partition for each in records]
        with self._in_use() as shared:
            sent: list[Any] = []
            try:
                for key, record, place in zip(keys, records, places, strict=True):
                    sent.append(shared.producer.send(topic, record.value, key, list(record.headers), place))
                return [self._acknowledged(future) for future in sent]
            except broken.KafkaError as error:
                shared.failed = True
                self._await_all(sent)
                raise in_words(error, self._address, f"topic {topic}") from error

    def close(self) -> None:
        with self._lock:
            shared, self._shared = self._shared, None
        if shared is not None:
            shared.producer.close(timeout=self._patience)

    @contextmanager
    def _in_use(self) -> Iterator[Shared]:
        with self._lock:
            if self._shared is None or self._shared.failed:
                self._shared = Shared(open_producer(self._address, self._client, self._patience))
            shared = self._shared
            shared.uses += 1
        try:
            yield shared
        finally:
            with self._lock:
                shared.uses -= 1
                is_over = shared.failed and not shared.uses
            if is_over:
                shared.producer.close(timeout=0)

    def _acknowledged(self, future: Any) -> Appended:
        stands = future.get(timeout=2 * self._patience)
        return Appended(stands.partition, stands.offset, duplicate=False)

    def _await_all(self, sent: Sequence[Any]) -> None:
        for future in sent:
            with suppress(broken.KafkaError):
                future.get(timeout=2 * self._patience)


def fit(topic: str, record: NewRecord) -> bytes:
    """The key as it is written. Raises `LogError` for a record that no broker would take."""
    try:
        key = record.key.encode()
    except UnicodeEncodeError:
        raise LogError(f"the key {record.key!r} cannot be written to topic {topic}: it is no text") from None
    size = len(key) + len(record.value) + sum(len(name) + len(value) + 10 for name, value in record.headers)
    if size + _ENVELOPE > MAX_RECORD_BYTES:
        raise LogError(
            f"a record of {size:,} bytes under the key {record.key!r} is too large for topic {topic}, which takes "
            f"{MAX_RECORD_BYTES:,}; nothing of its batch was written: leave it out or divide it"
        )
    return key
