"""Waiting for a topic of Apache Kafka to grow: a fetch that the broker answers when there is something. Never polls."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Lock
from time import monotonic
from typing import Any

from kafka import errors as broken

from streams.kafka.address import KafkaAddress
from streams.kafka.connection import Wire, is_passing
from streams.kafka.fetcher import Fetched, Fetching, Topic, by_leader, fetch_request, fetched_of, told_of
from streams.kafka.record_batch import batches, next_offset

_LONGEST_S = 20.0
"""Of one fetch."""
_PAUSE_S = 0.05
_ANY = 1
"""Bytes asked for: the broker answers with one batch anyway."""


class Waiting:
    """Each waiting thread has a wire of its own; wires are used again."""

    def __init__(self, address: KafkaAddress, client: str, fetching: Fetching, patience: float) -> None:
        self._address, self._client, self._patience = address, client, patience
        self._fetching = fetching
        self._free: list[Wire] = []
        self._lock = Lock()
        self._closed = Event()

    def wait(self, name: str, seen: Mapping[int, int], timeout: float) -> bool:
        """See `streams.log.Log.wait`. Raises `LogRefused` for an offset that a partition never had."""
        deadline = monotonic() + timeout
        wire = self._borrow()
        try:
            return self._wait(wire, name, dict(seen), deadline)
        finally:
            with self._lock:
                self._free.append(wire)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            wires, self._free = self._free, []
        for wire in wires:
            wire.close()

    def _borrow(self) -> Wire:
        with self._lock:
            if self._free:
                return self._free.pop()
        return Wire(self._address, f"{self._client}-waiting", self._patience)

    def _wait(self, wire: Wire, name: str, offsets: dict[int, int], deadline: float) -> bool:
        while not self._closed.is_set():
            left = max(0.0, deadline - monotonic())
            try:
                if self._grown(wire, self._fetching.topic(name), offsets, min(left, _LONGEST_S)):
                    return True
            except broken.KafkaError as error:
                if not is_passing(error):
                    raise
                self._closed.wait(min(left, _PAUSE_S))
                with suppress(broken.KafkaError):
                    self._fetching.refresh(name)
            if monotonic() >= deadline:
                return False
        return False

    def _grown(self, wire: Wire, topic: Topic, offsets: dict[int, int], patience: float) -> bool:
        """Whether a partition has a record at or after its offset; offsets move over what is none."""
        asked = {
            leader: wire.ask_soon(fetch_request(topic, part, _ANY, patience), leader, patience + 10)
            for leader, part in by_leader(topic, offsets).items()
        }
        first = Event()
        for future in asked.values():
            future.add_both(lambda _: first.set())
        first.wait(patience + 10)
        grown = [self._is_grown(topic, offsets, future) for future in asked.values() if future.is_done]
        for leader, future in asked.items():
            if not future.is_done:
                wire.hang_up(leader)
        return any(grown)

    def _is_grown(self, topic: Topic, offsets: dict[int, int], future: Any) -> bool:
        if future.exception is not None:
            raise future.exception
        grown = False
        for partition, told in told_of(future.value):
            if told.error_code == broken.OffsetOutOfRangeError.errno:
                raise self._fetching.beyond(topic.name, partition, offsets[partition])
            grown |= steps(fetched_of(told), offsets, partition)
        return grown


def steps(fetched: Fetched, offsets: dict[int, int], partition: int) -> bool:
    """Whether there is a record; over what transactions leave behind the offset moves on."""
    for batch in batches(fetched.content, fetched.aborted):
        if not batch.is_control and batch.next > offsets[partition]:
            return True
    offsets[partition] = max(offsets[partition], next_offset(fetched.content) or 0)
    return False
