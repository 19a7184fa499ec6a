"""The log in topics of Apache Kafka, read and written outside any consumer group.

An append is durable once it returns: all replicas in sync have acknowledged it. The broker stores no record ids: an
append that failed may have been written, and be repeated, so readers have to detect duplicates.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import MsgspecError

from schemas import CHECKPOINT_KEY, ENGAGEMENT, SCORES, TOPICS, decode_checkpoint
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import RETRY_TIMEOUT_S, BrokerConnection
from streams.kafka.fetcher import PartitionFetcher
from streams.kafka.long_poll import LongPoll
from streams.kafka.producer import RecordProducer
from streams.kafka.protocol import TopicMetadata
from streams.kafka.reader import StallDetector, TopicReader
from streams.log import Appended, LogError, LogUnavailable, NewRecord, Record
from streams.partitioner import partition_of

_FIRST_WINDOW_SIZE = 1
_WINDOW_GROWTH_FACTOR = 64


class KafkaLog:
    """The port `streams.log.Log` on topics that exist (`streams/kafka/topics.py` creates them). Thread-safe."""

    unique_ids = False

    def __init__(
        self, address: KafkaAddress, *, client: str = "staffel", retry_timeout_s: float = RETRY_TIMEOUT_S
    ) -> None:
        """Raises `LogUnavailable` if no broker answers; `retry_timeout_s`: how long later requests are retried."""
        self._address = address
        self._connection = BrokerConnection(address, client, retry_timeout_s)
        self._fetcher = PartitionFetcher(self._connection)
        self._reader = TopicReader(self._fetcher, StallDetector(retry_timeout_s))
        self._long_poll = LongPoll(address, client, self._fetcher, retry_timeout_s)
        self._producer = RecordProducer(address, client, retry_timeout_s)

    def partitions(self, topic: str) -> int:
        return len(self._topic(topic).leaders)

    def generation(self, topic: str) -> str:
        return str(self._fetcher.reload_topic(self._topic_name(topic)).id)

    def partition_of(self, topic: str, key: str) -> int:
        return partition_of(key, self.partitions(topic))

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        metadata = self._topic(topic)
        if partition is not None:
            self._checked_topic_name(topic, partition)
        try:
            return self._producer.append(metadata.name, records, partition, len(metadata.leaders))
        except LogUnavailable:
            self._fetcher.reload_topic(metadata.name)  # raises the error of a deleted topic instead
            raise

    def position(self, partition: int) -> int:
        return next((next_offset for next_offset in self._checkpoints(partition) if next_offset is not None), 0)

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return self._reader.read(self._checked_topic_name(topic, partition), partition, start, limit)

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        for partition in starts:
            self._checked_topic_name(topic, partition)
        return self._reader.read_each(self._topic_name(topic), starts, limit)

    @property
    def buffered_bytes(self) -> int:
        """Bytes that were prefetched, approximately."""
        return self._reader.buffered_bytes

    def end(self, topic: str, partition: int) -> int:
        return self._fetcher.end(self._checked_topic_name(topic, partition), partition)

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        return next(self._latest_first(topic, partition, key), None)

    def history(self, account: str) -> Iterator[Record]:
        partition = self.partition_of(ENGAGEMENT, account)
        name, end = self._topic_name(ENGAGEMENT), self.end(ENGAGEMENT, partition)
        for part in self._reader.read_key(name, partition, 0, end, account.encode()):
            yield from part

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        return self._long_poll.wait(self._topic_name(topic), seen, timeout)

    def close(self) -> None:
        self._producer.close()
        self._long_poll.close()
        self._connection.close()

    def _checkpoints(self, partition: int) -> Iterator[int | None]:
        """The positions of the partition's checkpoints, latest first; None for one that no worker wrote."""
        for record in self._latest_first(SCORES, partition, CHECKPOINT_KEY):
            try:
                yield decode_checkpoint(record.value).next
            except (MsgspecError, ValueError):
                yield None

    def _latest_first(self, topic: str, partition: int, key: str) -> Iterator[Record]:
        name = self._checked_topic_name(topic, partition)
        for start, end in self._windows_from_end(name, partition):
            found = [each for part in self._reader.read_key(name, partition, start, end, key.encode()) for each in part]
            yield from reversed(found)

    def _windows_from_end(self, name: str, partition: int) -> Iterator[tuple[int, int]]:
        """Spans from the end to the beginning, each much larger than the one before."""
        end, size = self._fetcher.end(name, partition), _FIRST_WINDOW_SIZE
        first = self._fetcher.start(name, partition)
        while end > first:
            start = max(first, end - size)
            yield start, end
            end, size = start, size * _WINDOW_GROWTH_FACTOR

    def _topic(self, topic: str) -> TopicMetadata:
        return self._fetcher.topic(self._topic_name(topic))

    def _checked_topic_name(self, topic: str, partition: int) -> str:
        """The broker's name of the topic. Raises `LogError` if it lacks the partition."""
        metadata = self._topic(topic)
        if not 0 <= partition < len(metadata.leaders):
            raise LogError(f"no partition {partition}; the log has 0 to {len(metadata.leaders) - 1}")
        return metadata.name

    def _topic_name(self, topic: str) -> str:
        if topic not in TOPICS:
            raise LogError(f"unknown topic {topic!r}; the topics are {', '.join(TOPICS)}")
        return self._address.topic_name(topic)
