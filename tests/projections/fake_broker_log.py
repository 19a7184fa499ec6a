"""A log in memory that behaves as a broker does: ids may repeat, offsets jump, old records are compacted away.

Never survives its process, and knows nothing of a scorer's units.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from schemas.scores import CHECKPOINT_KEY, decode_checkpoint
from schemas.topics import ENGAGEMENT, SCORES, TOPICS
from streams.log import Appended, NewRecord, Record
from streams.partitioner import partition_of

TopicPartition = tuple[str, int]


class FakeBrokerLog:
    """The port `streams.log.Log`. `moment` is called before and after every append, and may raise."""

    unique_ids = False

    def __init__(self, partitions: int = 1, before_and_after_append: Callable[[], object] = lambda: None) -> None:
        self._partitions, self.before_and_after_append = partitions, before_and_after_append
        self._records: dict[TopicPartition, list[Record]] = {(t, p): [] for t in TOPICS for p in range(partitions)}
        self._ends = dict.fromkeys(self._records, 0)
        self._generations = dict.fromkeys(TOPICS, 1)

    def generation(self, topic: str) -> str:
        return f"{topic} made {self._generations[topic]} times"

    def partitions(self, topic: str) -> int:
        return self._partitions

    def partition_of(self, topic: str, key: str) -> int:
        return partition_of(key, self._partitions)

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        self.before_and_after_append()
        for moved in {self._partition(topic, record, partition) for record in records}:
            self._ends[topic, moved] += 1  # as the marker of a transaction would
        appended = [self._append(topic, record, partition) for record in records]
        self.before_and_after_append()
        return appended

    def position(self, partition: int) -> int:
        last = self.latest_in(SCORES, partition, CHECKPOINT_KEY)
        return 0 if last is None else decode_checkpoint(last.value).next

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return [record for record in self._records[topic, partition] if record.offset >= start][:limit]

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        return {partition: self.read(topic, partition, start, limit) for partition, start in starts.items()}

    def end(self, topic: str, partition: int) -> int:
        return self._ends[topic, partition]

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        found = [record for record in self._records[topic, partition] if record.key == key]
        return found[-1] if found else None

    def history(self, account: str) -> Iterator[Record]:
        records = self._records[ENGAGEMENT, self.partition_of(ENGAGEMENT, account)]
        return (record for record in records if record.key == account)

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        return any(self.end(topic, partition) > end for partition, end in seen.items())

    def close(self) -> None:
        """Nothing is held."""

    def compact(self, topic: str = SCORES) -> None:
        """Drop all but the last record of each key."""
        for place, records in self._records.items():
            if place[0] == topic:
                last = {record.key: record.offset for record in records}
                self._records[place] = [record for record in records if record.offset == last[record.key]]

    def recreate(self, topic: str) -> None:
        """Delete the topic and create it again."""
        self._generations[topic] += 1
        for partition in range(self._partitions):
            self._records[topic, partition], self._ends[topic, partition] = [], 0

    def _partition(self, topic: str, record: NewRecord, given: int | None) -> int:
        return self.partition_of(topic, record.key) if given is None else given

    def _append(self, topic: str, record: NewRecord, partition: int | None) -> Appended:
        place = topic, self._partition(topic, record, partition)
        offset = self._ends[place]
        self._records[place].append(Record(offset, record.key, record.value, record.headers))
        self._ends[place] = offset + 1
        return Appended(place[1], offset, duplicate=False)
