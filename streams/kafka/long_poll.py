"""Waiting for a topic to grow: a fetch that the broker answers once there are records, or after a while."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Lock
from time import monotonic
from typing import Any

from kafka import errors as kafka_errors

from streams.kafka.address import KafkaAddress
from streams.kafka.connection import BrokerConnection
from streams.kafka.connection_errors import is_retriable
from streams.kafka.fetcher import PartitionFetcher, fetch_of_leader, offsets_by_leader
from streams.kafka.protocol import (
    FetchResult,
    TopicMetadata,
    fetch_result_of,
    is_done,
    is_out_of_range,
    on_done,
    partition_responses,
    response_of,
)
from streams.kafka.record_batch import committed_batches, next_offset

_MAX_FETCH_WAIT_S = 20.0
"""Of one fetch."""
_RETRY_BACKOFF_S = 0.05
_POLL_FETCH_BYTES = 1
"""The broker returns one batch anyway."""


class LongPoll:
    """Each waiting thread uses a connection of its own; idle connections are reused."""

    def __init__(self, address: KafkaAddress, client: str, fetcher: PartitionFetcher, retry_timeout_s: float) -> None:
        self._address, self._client, self._retry_timeout_s = address, client, retry_timeout_s
        self._fetcher = fetcher
        self._idle_connections: list[BrokerConnection] = []
        self._lock = Lock()
        self._closed = Event()

    def wait(self, name: str, seen: Mapping[int, int], timeout: float) -> bool:
        """See `streams.log.Log.wait`. Raises `LogRefused` for an offset that the partition does not have."""
        deadline = monotonic() + timeout
        connection = self._acquire_connection()
        try:
            return self._wait(connection, name, dict(seen), deadline)
        finally:
            with self._lock:
                self._idle_connections.append(connection)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            connections, self._idle_connections = self._idle_connections, []
        for connection in connections:
            connection.close()

    def _acquire_connection(self) -> BrokerConnection:
        with self._lock:
            if self._idle_connections:
                return self._idle_connections.pop()
        return BrokerConnection(self._address, f"{self._client}-waiting", self._retry_timeout_s)

    def _wait(self, connection: BrokerConnection, name: str, offsets: dict[int, int], deadline: float) -> bool:
        while not self._closed.is_set():
            remaining = max(0.0, deadline - monotonic())
            try:
                if self._has_grown(connection, self._fetcher.topic(name), offsets, min(remaining, _MAX_FETCH_WAIT_S)):
                    return True
            except kafka_errors.KafkaError as error:
                if not is_retriable(error):
                    raise
                self._closed.wait(min(remaining, _RETRY_BACKOFF_S))
                with suppress(kafka_errors.KafkaError):
                    self._fetcher.refresh_topic(name)
            if monotonic() >= deadline:
                return False
        return False

    def _has_grown(
        self, connection: BrokerConnection, topic: TopicMetadata, offsets: dict[int, int], max_wait_s: float
    ) -> bool:
        """Whether a partition has a record at or after its offset; offsets move past transaction markers."""
        futures = {
            leader: connection.send(
                fetch_of_leader(topic, part, _POLL_FETCH_BYTES, max_wait_s), leader, max_wait_s + 10
            )
            for leader, part in offsets_by_leader(topic, offsets).items()
        }
        any_done = Event()
        for future in futures.values():
            on_done(future, any_done.set)
        any_done.wait(max_wait_s + 10)
        grown = [self._has_new_record(topic, offsets, future) for future in futures.values() if is_done(future)]
        for leader, future in futures.items():
            if not is_done(future):
                connection.disconnect(leader)
        return any(grown)

    def _has_new_record(self, topic: TopicMetadata, offsets: dict[int, int], future: Any) -> bool:
        grown = False
        for partition, response in partition_responses(response_of(future)):
            if is_out_of_range(response):
                raise self._fetcher.out_of_range_error(topic.name, partition, offsets[partition])
            grown |= advance_offset(fetch_result_of(response), offsets, partition)
        return grown


def advance_offset(fetched: FetchResult, offsets: dict[int, int], partition: int) -> bool:
    """Whether there is a record; the offset moves past markers and aborted records."""
    for batch in committed_batches(fetched.content, fetched.aborted):
        if not batch.is_control and batch.next > offsets[partition]:
            return True
    offsets[partition] = max(offsets[partition], next_offset(fetched.content) or 0)
    return False
