"""Our changes to Faust's consumer: fetches that never span a seek, positions, the start offset, timeouts."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types.tuples import ConsumerMessage

from streams.worker import faust_app as faust_host
from streams.worker.assignments import Assignments, Delivery
from streams.worker.faust_consumer import SMALL_BATCH, Consumer, is_small_batch
from tests.architecture.source_files import PACKAGES, imports, sources
from tests.streams.worker.fakes import (
    SOURCE,
    FakeBroker,
    FakeRecord,
    ProcessEndedError,
    SumTask,
    abort,
    assignments_with_partition,
    fake_records,
    fetch_delivery,
)


class ControlledConsumer(Consumer):
    """Returns prepared fetches when the test allows it; runs without Faust's services."""

    def __init__(self, assignments: Assignments, fetches: list[Any]) -> None:
        options, counters = SimpleNamespace(session_s=0.2), assignments.counters
        lifecycle = SimpleNamespace(
            assignments=assignments, task=SumTask(), options=options, abort=abort, counters=counters
        )
        self.app = SimpleNamespace(lifecycle=lifecycle, consumer_generation_id=1, rebalancing=False)
        self.fetches, self.flow_active = fetches, True
        self.fetch, self.seek = asyncio.Event(), asyncio.Event()
        self.seeks: list[Mapping[Any, int]] = []
        self.on_init()

    def _get_active_partitions(self) -> set[Any]:
        return {FakeTopicPartition(0)}

    async def _getmany(self, active: Any, timeout: float) -> Any:
        await self.fetch.wait()
        return self.fetches

    async def seek_wait(self, offsets: Mapping[Any, int]) -> None:
        self.seeks.append(offsets)
        await self.seek.wait()


class FakeTopicPartition(int):
    """A hashable topic and partition."""

    @property
    def partition(self) -> int:
        return int(self)


def fetch_result(start: int, next: int, records: list[FakeRecord]) -> tuple[Any, int, int, list[FakeRecord]]:
    return FakeTopicPartition(0), start, next, records


async def deliveries(consumer: Consumer) -> list[Delivery]:
    return [message.value for message in await consumer._next_messages()]


async def test_a_fetch_is_one_message_bound_to_its_assignment_with_positions_before_and_after() -> None:
    worker = await assignments_with_partition(FakeBroker())
    records = fake_records([(0, 1), (2, 2)])
    consumer = ControlledConsumer(worker, [fetch_result(0, 4, records)])
    consumer.fetch.set()
    [message] = await consumer._next_messages()
    assert message.value == Delivery(worker.active[0], 0, 4, records)
    assert (message.topic, message.partition, message.offset) == (SOURCE, 0, 3)


async def test_a_seek_waits_for_the_fetch_that_is_on_its_way() -> None:
    consumer = ControlledConsumer(await assignments_with_partition(FakeBroker()), [])
    fetching = asyncio.create_task(consumer._next_messages())
    await asyncio.sleep(0)
    seeking = asyncio.create_task(consumer.seek_to_committed())
    consumer.seek.set()
    await asyncio.sleep(0.02)
    assert consumer.seeks == []
    consumer.fetch.set()
    await fetching
    await seeking
    assert [list(offsets.values()) for offsets in consumer.seeks] == [[0]]


async def test_no_fetch_begins_before_the_seek_is_done() -> None:
    worker = await assignments_with_partition(FakeBroker())
    consumer = ControlledConsumer(worker, [fetch_result(0, 1, fake_records([(0, 1)]))])
    consumer.fetch.set()
    seeking = asyncio.create_task(consumer.seek_to_committed())
    await asyncio.sleep(0)
    fetching = asyncio.create_task(consumer._next_messages())
    await asyncio.sleep(0.02)
    assert not fetching.done()
    consumer.seek.set()
    await seeking
    assert len(await fetching) == 1


async def test_after_few_records_more_may_come_before_the_next_fetch_and_after_many_none_need_to() -> None:
    worker = await assignments_with_partition(FakeBroker())
    few, many = fake_records([(0, 1)]), fake_records([(n, 1) for n in range(SMALL_BATCH)])

    def messages(records: list[FakeRecord]) -> list[Any]:
        return [SimpleNamespace(value=Delivery(worker.active[0], 0, len(records), records))]

    assert (is_small_batch(messages(few)), is_small_batch(messages(many)), is_small_batch([])) == (True, False, False)


async def test_what_was_fetched_while_partitions_were_taken_away_is_dropped() -> None:
    worker = await assignments_with_partition(FakeBroker())
    consumer = ControlledConsumer(worker, [fetch_result(0, 1, fake_records([(0, 1)]))])
    fetching = asyncio.create_task(deliveries(consumer))
    await asyncio.sleep(0)
    await worker.revoke()
    await worker.recover([0])
    consumer.fetch.set()
    assert await fetching == []
    assert worker.active[0].fetch_position == 0


async def test_what_was_fetched_when_the_flow_stopped_is_dropped() -> None:
    worker = await assignments_with_partition(FakeBroker())
    consumer = ControlledConsumer(worker, [fetch_result(0, 1, fake_records([(0, 1)]))])
    consumer.fetch.set()
    consumer.flow_active = False
    assert await deliveries(consumer) == []


async def test_the_worker_starts_where_its_output_says_whatever_the_group_committed() -> None:
    worker = await assignments_with_partition(FakeBroker())
    fetch_delivery(worker, 0, 7, [(6, 1)])
    consumer = ControlledConsumer(worker, [])
    consumer.seek.set()
    assert {(tp.topic, tp.partition): offset for tp, offset in (await consumer.seek_to_committed()).items()} == {
        (SOURCE, 0): 7
    }


async def test_a_seek_that_takes_too_long_ends_the_process() -> None:
    consumer = ControlledConsumer(await assignments_with_partition(FakeBroker()), [])
    with pytest.raises(ProcessEndedError, match="could not seek to the recovered positions"):
        async with asyncio.timeout(2):
            await consumer.seek_to_committed()


def test_faust_keeps_no_account_of_what_was_read() -> None:
    message = ConsumerMessage(SOURCE, 0, 0, 0.0, 0, [], None, None, None)
    consumer = SimpleNamespace(_unacked_messages=set())
    assert Consumer.ack(consumer, message)  # type: ignore[arg-type]
    assert message.acked


def test_all_that_is_overridden_or_called_is_there() -> None:
    faust_host.check_dependencies()


def test_a_part_of_faust_that_is_gone_is_named() -> None:
    class Thread:
        _fetch_records = None

    with pytest.raises(RuntimeError, match=r"Thread has no _create_worker_consumer: install the versions in require"):
        faust_host.require_members({Thread: "_fetch_records _create_worker_consumer"})


def test_nothing_else_imports_faust_or_its_client() -> None:
    found = {file for file, tree in sources(*PACKAGES) for _, name in imports(tree) if name in ("faust", "aiokafka")}
    assert found == {"streams/worker/faust_consumer.py", "streams/worker/faust_app.py"}
