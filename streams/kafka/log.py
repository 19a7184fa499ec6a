"""The log in the topics of Apache Kafka. Never knows what a record means, never joins a group, never commits.

Durable once an append returned: acknowledged by all replicas in sync. A record id is no promise here: an append that
was not answered may stand there, and be appended again; readers know duplicates by what they hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

from schemas.scores import CHECKPOINT_KEY, decode_checkpoint
from schemas.topics import ENGAGEMENT, SCORES, TOPICS
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import PATIENCE_S, Wire
from streams.kafka.fetcher import Fetching, Topic
from streams.kafka.long_poll import Waiting
from streams.kafka.producer import Writer
from streams.kafka.reader import Reader, Watch
from streams.log import Appended, LogError, LogUnavailable, NewRecord, Record
from streams.partitioner import partition_of

_FIRST_WINDOW = 1
_WINDOWS_GROW = 64


class KafkaLog:
    """The port `streams.log.Log` on topics that stand there already (`streams/kafka/topics.py`). Thread-safe."""

    unique_ids = False

    def __init__(self, address: KafkaAddress, *, client: str = "staffel", patience: float = PATIENCE_S) -> None:
        """Raises `LogUnavailable` where no broker answers; `patience`: seconds until anything else counts as that."""
        self._address = address
        self._wire = Wire(address, client, patience)
        self._fetching = Fetching(self._wire)
        self._reader = Reader(self._fetching, Watch(patience))
        self._waiting = Waiting(address, client, self._fetching, patience)
        self._writer = Writer(address, client, patience)
        self._opening = Lock()

    def partitions(self, topic: str) -> int:
        return len(self._topic(topic).leaders)

    def generation(self, topic: str) -> str:
        return str(self._fetching.look_up(self._name(topic)).id)

    def partition_of(self, topic: str, key: str) -> int:
        return partition_of(key, self.partitions(topic))

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        there = self._topic(topic)
        if partition is not None:
            self._there(topic, partition)
        try:
            return self._writer.append(there.name, records, partition, len(there.leaders))
        except LogUnavailable:
            self._fetching.look_up(there.name)  # a deleted topic has other words
            raise

    def position(self, partition: int) -> int:
        last = self.latest_in(SCORES, partition, CHECKPOINT_KEY)
        return decode_checkpoint(last.value).next if last else 0

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return self._reader.read(self._there(topic, partition), partition, start, limit)

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        for partition in starts:
            self._there(topic, partition)
        return self._reader.read_each(self._name(topic), starts, limit)

    @property
    def held(self) -> int:
        """Bytes fetched ahead, about; bounded."""
        return self._reader.held

    def end(self, topic: str, partition: int) -> int:
        return self._fetching.end(self._there(topic, partition), partition)

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        name = self._there(topic, partition)
        for start, end in self._windows(name, partition):
            found = [each for part in self._reader.of_key(name, partition, start, end, key.encode()) for each in part]
            if found:
                return found[-1]
        return None

    def history(self, account: str) -> Iterator[Record]:
        partition = self.partition_of(ENGAGEMENT, account)
        name, end = self._name(ENGAGEMENT), self.end(ENGAGEMENT, partition)
        for part in self._reader.of_key(name, partition, 0, end, account.encode()):
            yield from part

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        return self._waiting.wait(self._name(topic), seen, timeout)

    def close(self) -> None:
        self._writer.close()
        self._waiting.close()
        self._wire.close()

    def _windows(self, name: str, partition: int) -> Iterator[tuple[int, int]]:
        """From the end to the beginning, each much larger than the one before."""
        end, size = self._fetching.end(name, partition), _FIRST_WINDOW
        first = self._fetching.start(name, partition)
        while end > first:
            start = max(first, end - size)
            yield start, end
            end, size = start, size * _WINDOWS_GROW

    def _topic(self, topic: str) -> Topic:
        return self._fetching.topic(self._name(topic))

    def _there(self, topic: str, partition: int) -> str:
        """What the broker calls the topic, which has this partition."""
        there = self._topic(topic)
        if not 0 <= partition < len(there.leaders):
            raise LogError(f"no partition {partition}; the log has 0 to {len(there.leaders) - 1}")
        return there.name

    def _name(self, topic: str) -> str:
        if topic not in TOPICS:
            raise LogError(f"no topic {topic!r}; there are {', '.join(TOPICS)}")
        return self._address.topic(topic)
