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

from streams.kafka.connection import Answer, BrokerConnection, await_response
from streams.kafka.record_batch import AbortedTransaction
from streams.log import LogError, LogRefused

FETCH_BYTES = 1024 * 1024
"""Bytes of one fetch from a partition, packed; a larger batch comes whole."""
_FETCH_VERSION = 13
"""The version of a fetch that names topics by id: Kafka 3.1."""
_REQUEST_TIMEOUT_S = 10.0
_READ_COMMITTED = IsolationLevel.READ_COMMITTED


class TopicMetadata(NamedTuple):
    """A topic as the brokers know it: its id, and the broker that leads each partition."""

    name: str
    id: UUID
    leaders: tuple[int, ...]


class FetchResult(NamedTuple):
    """Batches of one partition, its readable end, and the end that open transactions may still hold back."""

    content: bytes
    aborted: Sequence[AbortedTransaction]
    end: int
    high_watermark: int


class PartitionFetcher:
    """Questions over one wire. Threads may share it."""

    def __init__(self, connection: BrokerConnection) -> None:
        self._connection = connection
        self._topics: dict[str, TopicMetadata] = {}
        self._lock = Lock()

    def topic(self, name: str) -> TopicMetadata:
        """As known; asked for the first time. Raises `LogError` where there is none, `LogRefused` for another one."""
        return self._topics.get(name) or self.reload_topic(name)

    def reload_topic(self, name: str) -> TopicMetadata:
        """As it is now."""
        return self._connection.with_retries(lambda: self.refresh_topic(name), f"topic {name}")

    def end(self, name: str, partition: int) -> int:
        """One past the last record that can be read."""
        return self._find_offset(name, partition, OffsetSpec.LATEST)

    def start(self, name: str, partition: int) -> int:
        """The first offset that is still kept."""
        return self._find_offset(name, partition, OffsetSpec.EARLIEST)

    def fetch(self, name: str, partition: int, offset: int, limit: int = FETCH_BYTES) -> FetchResult:
        """What stands there, at once. Raises `LogRefused` for an offset that the partition does not have."""
        return self.await_fetch(name, partition, offset, self.start_fetch(name, partition, offset, limit), limit)

    def start_fetch(self, name: str, partition: int, offset: int, limit: int = FETCH_BYTES) -> Any:
        """The same, on its way; see `arrived`."""
        topic = self.topic(name)
        request = fetch_request(topic, {partition: offset}, limit)
        return self._connection.send(request, topic.leaders[partition], _REQUEST_TIMEOUT_S)

    def fetch_each(self, name: str, offsets: Mapping[int, int]) -> Mapping[int, FetchResult]:
        """What stands in several partitions, by one question to each broker. Left out are those that had trouble, and
        those that others left no room."""
        topic = self.topic(name)
        futures = [
            self._connection.send(fetch_request(topic, part, FETCH_BYTES), leader, _REQUEST_TIMEOUT_S)
            for leader, part in offsets_by_leader(topic, offsets).items()
        ]
        results: dict[int, FetchResult] = {}
        for each in futures:
            with suppress(broken.KafkaError):
                responses = partition_responses(await_response(each, _REQUEST_TIMEOUT_S))
                results |= {partition: fetch_result_of(part) for partition, part in responses if not part.error_code}
        return {each: fetched for each, fetched in results.items() if fetched.content or fetched.end <= offsets[each]}

    def await_fetch(self, name: str, partition: int, offset: int, future: Any, limit: int = FETCH_BYTES) -> FetchResult:
        """The answer to `fetch_soon`; where it failed on the way, asked again."""
        pending = [future]

        def read_response() -> FetchResult:
            in_flight = pending.pop() if pending else self.start_fetch(name, partition, offset, limit)
            [(_, response)] = partition_responses(await_response(in_flight, _REQUEST_TIMEOUT_S))
            return fetch_result_of(response)

        try:
            return self._call_leader(name, read_response, f"partition {partition} of topic {name}")
        except LogError as error:
            if isinstance(error.__cause__, broken.OffsetOutOfRangeError):
                raise self.out_of_range_error(name, partition, offset) from error
            raise

    def out_of_range_error(self, name: str, partition: int, offset: int) -> LogRefused:
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

    def _find_offset(self, name: str, partition: int, spec: OffsetSpec) -> int:
        return self._call_leader(name, lambda: self._request_offset(name, partition, spec), f"the end of topic {name}")

    def _request_offset(self, name: str, partition: int, spec: OffsetSpec) -> int:
        kind = ListOffsetsRequest.ListOffsetsTopic
        one = kind.ListOffsetsPartition(partition_index=partition, current_leader_epoch=-1, timestamp=spec)
        request = ListOffsetsRequest(
            isolation_level=_READ_COMMITTED, topics=[kind(name=name, partitions=[one])], min_version=2
        )
        answer = self._connection.call(request, self.topic(name).leaders[partition])
        found = answer.topics[0].partitions[0]
        raise_for_code(found.error_code)
        return int(found.offset)

    def _call_leader(self, name: str, call: Callable[[], Answer], about: str) -> Answer:
        """Asked again, it asks whoever leads the partition then."""
        attempts = count()

        def call_current_leader() -> Answer:
            if next(attempts):
                self.refresh_topic(name)
            return call()

        return self._connection.with_retries(call_current_leader, about)

    def refresh_topic(self, name: str) -> TopicMetadata:
        """The same, asked once. Raises errors of `kafka.errors`, too."""
        request = MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=name)],
            allow_auto_topic_creation=False,
            include_cluster_authorized_operations=False,
            include_topic_authorized_operations=False,
            min_version=10,
        )
        answer = self._connection.call(request)
        self._connection.update_metadata(answer)
        [metadata] = answer.topics
        if metadata.error_code == broken.UnknownTopicOrPartitionError.errno:
            raise LogError(
                f"{self._connection.address} has no topic {name}; run `staffel topics create`, or correct the "
                "broker and the "
                "prefix that STAFFEL_LOG names"
            )
        raise_for_code(metadata.error_code)
        leaders = tuple(each.leader_id for each in sorted(metadata.partitions, key=lambda each: each.partition_index))
        return self._store_topic(TopicMetadata(name, metadata.topic_id, leaders))

    def _store_topic(self, found: TopicMetadata) -> TopicMetadata:
        with self._lock:
            known = self._topics.setdefault(found.name, found)
            if known.id != found.id:
                raise LogRefused(
                    f"topic {found.name} was deleted and created anew since this process opened it: offsets of the one "
                    "mean nothing in the other; stop, restore the topic or begin anew with an empty database"
                )
            self._topics[found.name] = found
        return found


def offsets_by_leader(topic: TopicMetadata, offsets: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """The offsets of the partitions that each broker leads."""
    grouped: dict[int, dict[int, int]] = {}
    for partition, offset in offsets.items():
        grouped.setdefault(topic.leaders[partition], {})[partition] = offset
    return grouped


def fetch_request(
    topic: TopicMetadata, offsets: Mapping[int, int], limit: int = FETCH_BYTES, max_wait_s: float = 0
) -> Any:
    """Partitions of one leader; the broker waits up to `patience` seconds for a first record."""
    one = FetchRequest.FetchTopic.FetchPartition
    partitions = [
        one(partition=partition, current_leader_epoch=-1, fetch_offset=offset, last_fetched_epoch=-1,
            log_start_offset=-1, partition_max_bytes=limit)
        for partition, offset in offsets.items()
    ]  # fmt: skip
    return FetchRequest(
        replica_id=-1, max_wait_ms=int(max_wait_s * 1000), min_bytes=1,
        max_bytes=max(FETCH_BYTES, limit * len(offsets)),
        isolation_level=_READ_COMMITTED, session_id=0, session_epoch=-1,
        topics=[FetchRequest.FetchTopic(topic_id=topic.id, partitions=partitions)],
        forgotten_topics_data=[], rack_id="", min_version=_FETCH_VERSION, max_version=_FETCH_VERSION,
    )  # fmt: skip


def partition_responses(response: Any) -> list[tuple[int, Any]]:
    """What a fetch tells of each partition."""
    raise_for_code(response.error_code)
    return [(each.partition_index, each) for topic in response.responses for each in topic.partitions]


def fetch_result_of(response: Any) -> FetchResult:
    raise_for_code(response.error_code)
    aborted = [AbortedTransaction(each.producer_id, each.first_offset) for each in response.aborted_transactions or ()]
    content = response.records
    return FetchResult(
        bytes(content) if content else b"", aborted, response.last_stable_offset, response.high_watermark
    )


def raise_for_code(code: int) -> None:
    if code:
        raise broken.for_code(code)()
