"""Faust's consumer with three changes: fetches include positions, reading starts at the recovered positions, and
committed offsets are for monitoring only.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

_COMMIT_TIMEOUT_S = 2.0
SMALL_BATCH = 500


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's client of the group; its fetches include positions."""

    app: Any
    _next_partition = 0

    def _create_worker_consumer(self, transport: Any) -> Any:
        return self.app.new_group_consumer()

    async def _fetch_records(
        self, consumer: Any, active_partitions: Any, timeout: Any = None, max_records: Any = None
    ) -> Any:
        """(topic and partition, position before, position after, records) of each partition that moved."""
        assignment = consumer._subscription.subscription.assignment
        if assignment is None:
            return []
        before = {
            tp: state.position for tp in active_partitions if (state := fetch_state_of(assignment, tp)) is not None
        }
        records = await self._fetch_round_robin(consumer, active_partitions, timeout, max_records)
        if consumer._subscription.subscription.assignment is not assignment:
            return []
        after = {tp: state.position for tp in before if (state := fetch_state_of(assignment, tp)) is not None}
        return [(tp, before[tp], next, records.get(tp, [])) for tp, next in after.items() if next != before[tp]]

    async def _fetch_round_robin(self, consumer: Any, topic_partitions: Any, timeout: Any, max_records: Any) -> Any:
        """One partition after the other, until there are enough records.

        The records prefetched for one partition may keep a worker busy for long; what arrives in the meantime is best
        folded at once.
        """
        records: dict[Any, Any] = {}
        for topic_partition in self._rotated(sorted(topic_partitions)):
            records |= await super()._fetch_records(consumer, {topic_partition}, 0, max_records)
            if sum(map(len, records.values())) >= SMALL_BATCH:
                break
        return records or await super()._fetch_records(consumer, topic_partitions, timeout, max_records)

    def _rotated(self, topic_partitions: list[Any]) -> list[Any]:
        """Starting with the next partition at each call."""
        self._next_partition += 1
        first = self._next_partition % len(topic_partitions) if topic_partitions else 0
        return topic_partitions[first:] + topic_partitions[:first]


def is_small_batch(messages: Sequence[Any]) -> bool:
    """Whether it is cheaper to wait for more records than to fold these alone."""
    return 0 < sum(len(message.value.records) for message in messages) < SMALL_BATCH


def fetch_state_of(assignment: Any, tp: Any) -> Any:
    """The client's state of a partition, if it has a position."""
    state = assignment.state_value(tp) if tp in assignment.tps else None
    return state if state is not None and state.has_valid_position else None


class Consumer(driver.Consumer):
    """Passes the records of one partition and fetch to the agent as one message, bound to their assignment."""

    app: Any
    can_resume_flow: Any
    _thread: Any

    def on_init(self) -> None:
        self._fetch_lock = asyncio.Lock()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait(self.can_resume_flow)
                continue
            messages = await self._next_messages()
            for message in messages:
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
            if is_small_batch(messages):
                await asyncio.sleep(self.app.lifecycle.options.linger_s)

    async def _next_messages(self) -> list[ConsumerMessage]:
        """A fetch never spans a seek. Records fetched when a rebalance begins are dropped, because a seek follows."""
        assignments = self.app.lifecycle.assignments
        async with self._fetch_lock:
            epoch, active = assignments.epoch, set(self._get_active_partitions())
            fetches: Any = await self._getmany(active, 1.0) if active else []
            if not self.flow_active or assignments.epoch != epoch:
                return []
            deliveries = [
                assignments.bind_fetch(tp.partition, start, next, records) for tp, start, next, records in fetches
            ]
        await asyncio.sleep(0 if active else 0.02)
        return [self._message_of(delivery) for delivery in deliveries if delivery is not None]

    def _message_of(self, delivery: Any) -> ConsumerMessage:
        topic_partition = TP(self.app.lifecycle.task.source, delivery.assignment.partition)
        return ConsumerMessage(
            *topic_partition, delivery.next - 1, 0.0, 0, [], None, delivery, None, 0, 0, topic_partition,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the recovered positions instead of the committed ones. Faust would ignore a timeout here silently."""
        lifecycle = self.app.lifecycle
        async with self._fetch_lock:
            active = lifecycle.assignments.active.values()
            offsets = {TP(lifecycle.task.source, each.partition): each.fetch_position for each in active}
            try:
                async with asyncio.timeout(lifecycle.options.session_s):
                    await self.seek_wait(offsets)
            except Exception as error:
                lifecycle.abort("could not seek to the recovered positions of the source", error)
        return offsets

    def ack(self, message: Any) -> bool:
        """Bypasses Faust's own bookkeeping of offsets."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit durable positions, so that lag can be monitored from outside; errors are ignored."""
        lifecycle = self.app.lifecycle
        offsets = {TopicPartition(lifecycle.task.source, p): end for p, end in lifecycle.counters.positions.items()}
        if offsets and not self.app.rebalancing:
            with suppress(KafkaError, asyncio.TimeoutError):
                async with asyncio.timeout(_COMMIT_TIMEOUT_S):
                    await self._thread.call_thread(self._thread._ensure_consumer().commit, offsets)
        return True

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Disabled: the watchdog does this."""


class Transport(driver.Transport):
    """Faust's transport with this consumer."""

    Consumer = Consumer
