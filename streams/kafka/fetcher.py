"""Fetches from the brokers: topics, the ends of partitions, record batches.

A fetch names its topic by id, so that a topic deleted and created again is not read as the one before.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from threading import Lock
from typing import Any

from kafka import errors as kafka_errors

from streams.kafka.connection import Answer, BrokerConnection
from streams.kafka.protocol import (
    EARLIEST,
    LATEST,
    FetchResult,
    TopicMetadata,
    await_response,
    fetch_request,
    fetch_result_of,
    metadata_request,
    offset_of,
    offset_request,
    partition_responses,
    topic_metadata_of,
)
from streams.log import LogError, LogRefused

FETCH_BYTES = 1024 * 1024
"""Compressed bytes of one fetch from a partition; a larger batch comes whole."""
_REQUEST_TIMEOUT_S = 10.0


class PartitionFetcher:
    """Fetches over one connection. Thread-safe."""

    def __init__(self, connection: BrokerConnection) -> None:
        self._connection = connection
        self._topics: dict[str, TopicMetadata] = {}
        self._lock = Lock()

    def topic(self, name: str) -> TopicMetadata:
        """Cached metadata. Raises `LogError` if the topic is missing, `LogRefused` if it was created again."""
        return self._topics.get(name) or self.reload_topic(name)

    def reload_topic(self, name: str) -> TopicMetadata:
        """Current metadata, with retries."""
        return self._connection.with_retries(lambda: self.refresh_topic(name), f"topic {name}")

    def end(self, name: str, partition: int) -> int:
        """One past the last record that can be read."""
        return self._find_offset(name, partition, LATEST)

    def start(self, name: str, partition: int) -> int:
        """The first offset that still exists."""
        return self._find_offset(name, partition, EARLIEST)

    def fetch(self, name: str, partition: int, offset: int, limit: int = FETCH_BYTES) -> FetchResult:
        """Batches from an offset on. Raises `LogRefused` for an offset that the partition does not have."""
        return self.await_fetch(name, partition, offset, self.start_fetch(name, partition, offset, limit), limit)

    def start_fetch(self, name: str, partition: int, offset: int, limit: int = FETCH_BYTES) -> Any:
        """Send the request of a fetch; `await_fetch` returns its result."""
        topic = self.topic(name)
        request = fetch_of_leader(topic, {partition: offset}, limit)
        return self._connection.send(request, topic.leaders[partition], _REQUEST_TIMEOUT_S)

    def fetch_each(self, name: str, offsets: Mapping[int, int]) -> Mapping[int, FetchResult]:
        """Several partitions (partition -> offset), by one request to each broker. Partitions with an error are left
        out, and those that did not fit into the response."""
        topic = self.topic(name)
        futures = [
            self._connection.send(fetch_of_leader(topic, part), leader, _REQUEST_TIMEOUT_S)
            for leader, part in offsets_by_leader(topic, offsets).items()
        ]
        results: dict[int, FetchResult] = {}
        for each in futures:
            with suppress(kafka_errors.KafkaError):
                responses = partition_responses(await_response(each, _REQUEST_TIMEOUT_S))
                results |= {partition: fetch_result_of(part) for partition, part in responses if not part.error_code}
        return {each: fetched for each, fetched in results.items() if fetched.content or fetched.end <= offsets[each]}

    def await_fetch(self, name: str, partition: int, offset: int, future: Any, limit: int = FETCH_BYTES) -> FetchResult:
        """The result of `start_fetch`; a failed request is sent again."""
        pending = [future]

        def read_response() -> FetchResult:
            in_flight = pending.pop() if pending else self.start_fetch(name, partition, offset, limit)
            [(_, response)] = partition_responses(await_response(in_flight, _REQUEST_TIMEOUT_S))
            return fetch_result_of(response)

        try:
            return self._call_leader(name, read_response, f"partition {partition} of topic {name}")
        except LogError as error:
            if isinstance(error.__cause__, kafka_errors.OffsetOutOfRangeError):
                raise self.out_of_range_error(name, partition, offset) from error
            raise

    def out_of_range_error(self, name: str, partition: int, offset: int) -> LogRefused:
        """Why an offset cannot be read."""
        start, end = self.start(name, partition), self.end(name, partition)
        place = f"partition {partition} of topic {name}"
        if offset < start:
            return LogRefused(
                f"{place} begins at offset {start}: the records from offset {offset} on were deleted; "
                "restore the topic, and see `staffel topics check` for settings that keep it"
            )
        return LogRefused(
            f"{place} ends at offset {end}, but offset {offset} was read or recorded before: it lost records or is "
            "a different log; name the log that belongs to this database, or restore the topic"
        )

    def _find_offset(self, name: str, partition: int, spec: Any) -> int:
        return self._call_leader(name, lambda: self._request_offset(name, partition, spec), f"the end of topic {name}")

    def _request_offset(self, name: str, partition: int, spec: Any) -> int:
        leader = self.topic(name).leaders[partition]
        return offset_of(self._connection.call(offset_request(name, partition, spec), leader))

    def _call_leader(self, name: str, call: Callable[[], Answer], about: str) -> Answer:
        """Each retry goes to the current leader of the partition."""
        attempts = count()

        def call_current_leader() -> Answer:
            if next(attempts):
                self.refresh_topic(name)
            return call()

        return self._connection.with_retries(call_current_leader, about)

    def refresh_topic(self, name: str) -> TopicMetadata:
        """Current metadata, by one request. Raises errors of `kafka.errors` as well."""
        response = self._connection.call(metadata_request(name))
        self._connection.update_metadata(response)
        topic = topic_metadata_of(name, response)
        if topic is None:
            raise LogError(
                f"{self._connection.address} has no topic {name}; run `staffel topics create`, or correct the broker "
                "and the prefix in STAFFEL_LOG"
            )
        return self._store_topic(topic)

    def _store_topic(self, found: TopicMetadata) -> TopicMetadata:
        with self._lock:
            known = self._topics.setdefault(found.name, found)
            if known.id != found.id:
                raise LogRefused(
                    f"topic {found.name} was deleted and created again since this process opened it, so its "
                    "offsets are no longer valid; stop, restore the topic or start with an empty database"
                )
            self._topics[found.name] = found
        return found


def offsets_by_leader(topic: TopicMetadata, offsets: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """The offsets of the partitions that each broker leads."""
    grouped: dict[int, dict[int, int]] = {}
    for partition, offset in offsets.items():
        grouped.setdefault(topic.leaders[partition], {})[partition] = offset
    return grouped


def fetch_of_leader(
    topic: TopicMetadata, offsets: Mapping[int, int], limit: int = FETCH_BYTES, max_wait_s: float = 0
) -> Any:
    """A fetch from partitions of one leader, which waits up to `max_wait_s` seconds for a first record."""
    max_bytes = max(FETCH_BYTES, limit * len(offsets))
    return fetch_request(topic, offsets, limit=limit, max_bytes=max_bytes, max_wait_s=max_wait_s)
