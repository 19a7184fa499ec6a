"""The life cycle of a worker: joining, assignment, revocation, and the errors that end it."""

import asyncio
import threading
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from streams.log import LogRefused
from streams.worker.lifecycle import WorkerLifecycle
from streams.worker.options import WorkerCounters, WorkerOptions
from tests.streams.worker.fakes import (
    FakeBroker,
    FakeLogger,
    ProcessEndedError,
    SumTask,
    abort,
    checkpoint_record,
    encoded_total,
    fetch_delivery,
)


class FakeGroup:
    """Assigns one partition when it is joined; `answers`: whether it returns ends."""

    def __init__(self, host: WorkerLifecycle, answers: bool = True) -> None:
        self.host, self.answers, self.left = host, answers, False
        self.joined = asyncio.Event()

    async def join(self) -> None:
        await self.host.on_assigned([0])
        self.joined.set()

    async def leave(self) -> None:
        self.left = True

    async def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        if not self.answers:
            raise OSError("no broker")
        return dict.fromkeys(partitions, 0)


class FakeProducer:
    """Connects after some attempts."""

    def __init__(self, tries: int = 1) -> None:
        self.remaining_tries, self.stopped = tries, False
        self.tried = asyncio.Event()

    async def start(self) -> str | None:
        self.remaining_tries -= 1
        self.tried.set()
        return "nobody answers" if self.remaining_tries > 0 else None

    async def stop(self) -> None:
        self.stopped = True


def lifecycle_on(broker: FakeBroker, log: Any = None, **options: Any) -> WorkerLifecycle:
    worker_options = WorkerOptions(**options)
    return WorkerLifecycle(
        SumTask(), broker, broker.open_reader, worker_options, WorkerCounters(), log or FakeLogger(), abort
    )


def never() -> asyncio.Event:
    return asyncio.Event()


async def run_lifecycle(
    host: WorkerLifecycle, group: FakeGroup, writer: FakeProducer, until: asyncio.Event | None = None
) -> None:
    """Run until stopped from outside: by default once the group is joined."""
    stop, due = threading.Event(), until or group.joined

    async def end_it() -> None:
        await due.wait()
        stop.set()

    ending = asyncio.create_task(end_it())
    async with asyncio.timeout(60):
        try:
            await host.run(writer, group, stop)
        finally:
            ending.cancel()
            stop.set()


async def test_a_worker_that_is_asked_to_end_leaves_its_group_and_closes_what_it_opened() -> None:
    host = lifecycle_on(FakeBroker())
    group, writer = FakeGroup(host), FakeProducer()
    await run_lifecycle(host, group, writer)
    assert (group.left, writer.stopped, host.assignments.active) == (True, True, {})


async def test_a_broker_that_comes_later_is_waited_for() -> None:
    log = FakeLogger()
    host = lifecycle_on(FakeBroker(), log)
    group = FakeGroup(host)
    await run_lifecycle(host, group, FakeProducer(tries=2))
    assert ("waiting_for_broker", {"why": "nobody answers"}) in log.lines
    assert group.left


async def test_a_worker_that_waits_for_its_broker_can_be_ended() -> None:
    host = lifecycle_on(FakeBroker())
    group = FakeGroup(host)
    writer = FakeProducer(tries=1_000)
    await run_lifecycle(host, group, writer, until=writer.tried)
    assert not group.left


async def test_a_log_that_is_not_what_it_was_ends_the_worker_in_words_and_it_leaves_its_group() -> None:
    broker = FakeBroker(source_end=1)
    broker.add_output((b"a", encoded_total(2, 3)), checkpoint_record(2))
    host = lifecycle_on(broker)
    group = FakeGroup(host)
    with pytest.raises(LogRefused, match="the log was recreated or truncated"):
        await run_lifecycle(host, group, FakeProducer(), until=never())
    assert group.left


async def test_a_recovery_that_fails_ends_the_process() -> None:
    host = lifecycle_on(FakeBroker(topics={}))
    with pytest.raises(ProcessEndedError, match="the recovery failed"):
        await host.on_assigned([0])


async def test_a_recovery_that_is_canceled_by_nobody_ends_the_process() -> None:
    broker = FakeBroker(gate=asyncio.Event())
    broker.add_output((b"a", encoded_total(1, 1)), checkpoint_record(0))
    recovering = asyncio.create_task(lifecycle_on(broker).on_assigned([0]))
    await asyncio.sleep(0.01)
    recovering.cancel()
    with pytest.raises(ProcessEndedError, match="the recovery failed"):
        await recovering


async def test_a_fold_that_fails_ends_the_process_and_raises_nothing_into_faust() -> None:
    broker = FakeBroker()
    host = lifecycle_on(broker)
    await host.on_assigned([0])
    delivery = fetch_delivery(host.assignments, 0, 1, [(0, 1)])
    broker.send_unit = reject_unit  # type: ignore[method-assign, assignment]
    with pytest.raises(ProcessEndedError, match="the records from 0 on of partition 0 cannot be folded"):
        await host.on_delivery(delivery)


async def reject_unit(partition: int, records: object) -> None:
    raise ValueError("too large")


async def lifecycle_with_pending_unit(broker: FakeBroker, **options: Any) -> WorkerLifecycle:
    host = lifecycle_on(broker, **options)
    await host.on_assigned([0])
    await host.on_delivery(fetch_delivery(host.assignments, 0, 1, [(0, 5)]))
    return host


async def test_partitions_are_not_given_up_before_the_last_unit_is_acknowledged() -> None:
    broker = FakeBroker(acknowledges_at_once=False)
    host = await lifecycle_with_pending_unit(broker)
    giving = asyncio.create_task(host.on_revoked())
    await asyncio.sleep(0.05)
    assert not giving.done()
    broker.pending[0].set_result(0)
    await giving


async def test_a_broker_that_answers_and_does_not_acknowledge_for_a_session_ends_the_process() -> None:
    host = await lifecycle_with_pending_unit(FakeBroker(acknowledges_at_once=False), session_s=1)
    host.on_broker_poll(answered=True)
    with pytest.raises(ProcessEndedError, match="pending writes were not acknowledged"):
        await host.on_revoked()


async def test_a_broker_that_is_silent_is_waited_for_beyond_the_session() -> None:
    broker = FakeBroker(acknowledges_at_once=False)
    host = await lifecycle_with_pending_unit(broker, session_s=1)
    giving = asyncio.create_task(host.on_revoked())
    await asyncio.sleep(2.5)
    assert not giving.done()
    broker.pending[0].set_result(0)
    await giving


async def test_a_crash_below_ends_the_process_unless_everything_is_settled() -> None:
    host = lifecycle_on(FakeBroker())
    with pytest.raises(ProcessEndedError, match="faust crashed"):
        host.on_crash(OSError("connection lost"))
    await run_lifecycle(host, FakeGroup(host), FakeProducer())
    host.on_crash(asyncio.CancelledError())


async def test_a_group_that_cannot_be_joined_ends_the_process() -> None:
    class Closed(FakeGroup):
        async def join(self) -> None:
            raise OSError("not authorized")

    host = lifecycle_on(FakeBroker())
    with pytest.raises(ProcessEndedError, match="the group could not be joined or left"):
        await run_lifecycle(host, Closed(host), FakeProducer(), until=never())
