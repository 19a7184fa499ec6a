"""What a log asks of Kafka's brokers: topics, ends of partitions, batches. Never keeps a position.

A fetch names its topic by id: a topic of the same name that was created anew is never taken for the one before.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from kafka import errors as broken
from kafka.protocol.consumer import FetchRequest, IsolationLevel, ListOffsetsRequest, OffsetSpec
from kafka.protocol.metadata import MetadataRequest

from streams.kafka.connection import Answer, Wire, settled
from streams.kafka.record_batch import Aborted
from streams.log import LogError, LogRefused

CHUNK = 1024 * 1024
"""Bytes of one fetch from a partition, packed; a larger batch comes whole."""
_BY_ID = 13
"""The version of a fetch that names topics by id: Kafka 3.1."""
_REQUEST_S = 10.0
_COMMITTED = IsolationLevel.READ_COMMITTED


class Topic(NamedTuple):
    """A topic as the brokers know it: its id, and the broker that leads each partition."""

    name: str
    id: UUID
    leaders: tuple[int, ...]


class Fetched(NamedTuple):
    """Batches of one partition, its readable end, and the end that open transactions may still hold back."""

    content: bytes
    aborted: Sequence[Aborted]
    end: int
    high_watermark: int


class Fetching:
    """Questions over one wire. Threads may share it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._topics: dict[str, Topic] = {}
        self._lock = Lock()

    def topic(self, name: str) -> Topic:
        """As known; asked for the first time. Raises `LogError` where there is none, `LogRefused` for another one."""
        return self._topics.get(name) or self.look_up(name)

    def look_up(self, name: str) -> Topic:
        """As it is now."""
        return self._wire.trying(lambda: self.refresh(name), f"topic {name}")

    def end(self, name: str, partition: int) -> int:
        """One past the last record that can be read."""
        return self._offset(name, partition, OffsetSpec.LATEST)

    def start(self, name: str, partition: int) -> int:
        """The first offset that is still kept."""
        return self._offset(name, partition, OffsetSpec.EARLIEST)

    def fetch(self, name: str, partition: int, offset: int, limit: int = CHUNK) -> Fetched:
        """What stands there, at once. Raises `LogRefused` for an offset that the partition does not have."""
        return self.arrived(name, partition, offset, self.fetch_soon(name, partition, offset, limit), limit)

    def fetch_soon(self, name: str, partition: int, offset: int, limit: int = CHUNK) -> Any:
        """The same, on its way; see `arrived`."""
        topic = self.topic(name)
        request = fetch_request(topic, {partition: offset}, limit)
        return self._wire.ask_soon(request, topic.leaders[partition], _REQUEST_S)

    def fetch_each(self, name: str, offsets: Mapping[int, int]) -> Mapping[int, Fetched]:
        """What stands in several partitions, by one question to each broker. Left out are those that had trouble, and
        those that others left no room."""
        topic = self.topic(name)
        asked = [
            self._wire.ask_soon(fetch_request(topic, part, CHUNK), leader, _REQUEST_S)
            for leader, part in by_leader(topic, offsets).items()
        ]
        found: dict[int, Fetched] = {}
        for each in asked:
            with suppress(broken.KafkaError):
                told = told_of(settled(each, _REQUEST_S))
                found |= {partition: fetched_of(part) for partition, part in told if not part.error_code}
        return {each: fetched for each, fetched in found.items() if fetched.content or fetched.end <= offsets[each]}

    def arrived(self, name: str, partition: int, offset: int, asked: Any, limit: int = CHUNK) -> Fetched:
        """The answer to `fetch_soon`; where it failed on the way, asked again."""
        pending = [asked]

        def answer() -> Fetched:
            on_its_way = pending.pop() if pending else self.fetch_soon(name, partition, offset, limit)
            [(_, told)] = told_of(settled(on_its_way, _REQUEST_S))
            return fetched_of(told)

        try:
            return self._of_leader(name, answer, f"partition {partition} of topic {name}")
        except LogError as error:
            if isinstance(error.__cause__, broken.OffsetOutOfRangeError):
                raise self.beyond(name, partition, offset) from error
            raise

    def beyond(self, name: str, partition: int, offset: int) -> LogRefused:
        """Why an offset cannot be read from."""
        start, end = self.start(name, partition), self.end(name, partition)
        place = f"partition {partition} of topic {name}"
        if offset < start:
            return LogRefused(
                f"{place} begins at offset {start}: what stood from offset {offset} on was deleted there; "
                "restore the topic, and see `staffel topics check` for settings that keep it"
            )
        return LogRefused(
            f"{place} ends at offset {end}, yet offset {offset} was read or noted before: it lost records or is "
            "another log than before; name the log that belongs to this database, or restore the topic"
        )

    def _offset(self, name: str, partition: int, which: OffsetSpec) -> int:
        return self._of_leader(name, lambda: self._ask_offset(name, partition, which), f"the end of topic {name}")

    def _ask_offset(self, name: str, partition: int, which: OffsetSpec) -> int:
        kind = ListOffsetsRequest.ListOffsetsTopic
        one = kind.ListOffsetsPartition(partition_index=partition, current_leader_epoch=-1, timestamp=which)
        request = ListOffsetsRequest(
            isolation_level=_COMMITTED, topics=[kind(name=name, partitions=[one])], min_version=2
        )
        answer = self._wire.ask(request, self.topic(name).leaders[partition])
        told = answer.topics[0].partitions[0]
        raise_for(told.error_code)
        return int(told.offset)

    def _of_leader(self, name: str, ask: Callable[[], Answer], about: str) -> Answer:
        """Asked again, it asks whoever leads the partition then."""
        attempts = count()

        def of_the_one_of_now() -> Answer:
            if next(attempts):
                self.refresh(name)
            return ask()

        return self._wire.trying(of_the_one_of_now, about)

    def refresh(self, name: str) -> Topic:
        """The same, asked once. Raises errors of `kafka.errors`, too."""
        request = MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=name)],
            allow_auto_topic_creation=False,
            include_cluster_authorized_operations=False,
            include_topic_authorized_operations=False,
            min_version=10,
        )
        answer = self._wire.ask(request)
        self._wire.meet(answer)
        [told] = answer.topics
        if told.error_code == broken.UnknownTopicOrPartitionError.errno:
            raise LogError(
                f"{self._wire.address} has no topic {name}; run `staffel topics create`, or correct the broker and the "
                "prefix that STAFFEL_LOG names"
            )
        raise_for(told.error_code)
        leaders = tuple(each.leader_id for each in sorted(told.partitions, key=lambda each: each.partition_index))
        return self._keep(Topic(name, told.topic_id, leaders))

    def _keep(self, found: Topic) -> Topic:
        with self._lock:
            known = self._topics.setdefault(found.name, found)
            if known.id != found.id:
                raise LogRefused(
                    f"topic {found.name} was deleted and created anew since this process opened it: offsets of the one "
                    "mean nothing in the other; stop, restore the topic or begin anew with an empty database"
                )
            self._topics[found.name] = found
        return found


def by_leader(topic: Topic, offsets: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """The offsets of the partitions that each broker leads."""
    found: dict[int, dict[int, int]] = {}
    for partition, offset in offsets.items():
        found.setdefault(topic.leaders[partition], {})[partition] = offset
    return found


def fetch_request(topic: Topic, offsets: Mapping[int, int], limit: int = CHUNK, patience: float = 0) -> Any:
    """Partitions of one leader; the broker waits up to `patience` seconds for a first record."""
    one = FetchRequest.FetchTopic.FetchPartition
    partitions = [
        one(partition=partition, current_leader_epoch=-1, fetch_offset=offset, last_fetched_epoch=-1,
            log_start_offset=-1, partition_max_bytes=limit)
        for partition, offset in offsets.items()
    ]  # fmt: skip
    return FetchRequest(
        replica_id=-1, max_wait_ms=int(patience * 1000), min_bytes=1, max_bytes=max(CHUNK, limit * len(offsets)),
        isolation_level=_COMMITTED, session_id=0, session_epoch=-1,
        topics=[FetchRequest.FetchTopic(topic_id=topic.id, partitions=partitions)],
        forgotten_topics_data=[], rack_id="", min_version=_BY_ID, max_version=_BY_ID,
    )  # fmt: skip


def told_of(response: Any) -> list[tuple[int, Any]]:
    """What a fetch tells of each partition."""
    raise_for(response.error_code)
    return [(each.partition_index, each) for topic in response.responses for each in topic.partitions]


def fetched_of(told: Any) -> Fetched:
    raise_for(told.error_code)
    aborted = [Aborted(each.producer_id, each.first_offset) for each in told.aborted_transactions or ()]
    content = told.records
    return Fetched(bytes(content) if content else b"", aborted, told.last_stable_offset, told.high_watermark)


def raise_for(code: int) -> None:
    if code:
        raise broken.for_code(code)()
