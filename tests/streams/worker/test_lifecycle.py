"""The life of a worker's process: joining, being given partitions and losing them, and when it ends instead."""

import asyncio
import threading
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from streams.log import LogRefused
from streams.worker.lifecycle import WorkerLifecycle
from streams.worker.options import WorkerCounters, WorkerOptions
from tests.streams.worker.fakes import Broker, Ended, Quiet, Summing, checkpoint, end, fetched, total


class Group:
    """Gives one partition when it is joined; tells ends as long as it answers."""

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


class Writer:
    """Reaches its broker after some tries."""

    def __init__(self, tries: int = 1) -> None:
        self.tries, self.stopped = tries, False
        self.tried = asyncio.Event()

    async def start(self) -> str | None:
        self.tries -= 1
        self.tried.set()
        return "nobody answers" if self.tries > 0 else None

    async def stop(self) -> None:
        self.stopped = True


def host_on(broker: Broker, log: Any = None, **options: Any) -> WorkerLifecycle:
    given = WorkerOptions(**options)
    return WorkerLifecycle(Summing(), broker, broker.reading, given, WorkerCounters(), log or Quiet(), end)


def never() -> asyncio.Event:
    return asyncio.Event()


async def ran(host: WorkerLifecycle, group: Group, writer: Writer, until: asyncio.Event | None = None) -> None:
    """The whole life, ended from outside: once the group is joined, where nothing else is said."""
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
    host = host_on(Broker())
    group, writer = Group(host), Writer()
    await ran(host, group, writer)
    assert (group.left, writer.stopped, host.assignments.active) == (True, True, {})


async def test_a_broker_that_comes_later_is_waited_for() -> None:
    log = Quiet()
    host = host_on(Broker(), log)
    group = Group(host)
    await ran(host, group, Writer(tries=2))
    assert ("waiting_for_broker", {"why": "nobody answers"}) in log.lines
    assert group.left


async def test_a_worker_that_waits_for_its_broker_can_be_ended() -> None:
    host = host_on(Broker())
    group = Group(host)
    writer = Writer(tries=1_000)
    await ran(host, group, writer, until=writer.tried)
    assert not group.left


async def test_a_log_that_is_not_what_it_was_ends_the_worker_in_words_and_it_leaves_its_group() -> None:
    broker = Broker(source_end=1)
    broker.holds((b"a", total(2, 3)), checkpoint(2))
    host = host_on(broker)
    group = Group(host)
    with pytest.raises(LogRefused, match="the log was recreated or cut off"):
        await ran(host, group, Writer(), until=never())
    assert group.left


async def test_a_recovery_that_fails_ends_the_process() -> None:
    host = host_on(Broker(topics={}))
    with pytest.raises(Ended, match="the recovery failed"):
        await host.on_assigned([0])


async def test_a_recovery_that_is_canceled_by_nobody_ends_the_process() -> None:
    broker = Broker(gate=asyncio.Event())
    broker.holds((b"a", total(1, 1)), checkpoint(0))
    recovering = asyncio.create_task(host_on(broker).on_assigned([0]))
    await asyncio.sleep(0.01)
    recovering.cancel()
    with pytest.raises(Ended, match="the recovery failed"):
        await recovering


async def test_a_fold_that_fails_ends_the_process_and_raises_nothing_into_faust() -> None:
    broker = Broker()
    host = host_on(broker)
    await host.on_assigned([0])
    delivery = fetched(host.assignments, 0, 1, [(0, 1)])
    broker.send_unit = no_unit  # type: ignore[method-assign, assignment]
    with pytest.raises(Ended, match="the records from 0 on of partition 0 cannot be folded"):
        await host.on_delivery(delivery)


async def no_unit(partition: int, records: object) -> None:
    raise ValueError("too large")


async def writing(broker: Broker, **options: Any) -> WorkerLifecycle:
    host = host_on(broker, **options)
    await host.on_assigned([0])
    await host.on_delivery(fetched(host.assignments, 0, 1, [(0, 5)]))
    return host


async def test_partitions_are_not_given_up_before_the_last_unit_is_acknowledged() -> None:
    broker = Broker(at_once=False)
    host = await writing(broker)
    giving = asyncio.create_task(host.on_revoked())
    await asyncio.sleep(0.05)
    assert not giving.done()
    broker.waiting[0].set_result(0)
    await giving


async def test_a_broker_that_answers_and_does_not_acknowledge_for_a_session_ends_the_process() -> None:
    host = await writing(Broker(at_once=False), session_s=1)
    host.on_broker_poll(answered=True)
    with pytest.raises(Ended, match="what was being written could not be finished"):
        await host.on_revoked()


async def test_a_broker_that_is_silent_is_waited_for_beyond_the_session() -> None:
    broker = Broker(at_once=False)
    host = await writing(broker, session_s=1)
    giving = asyncio.create_task(host.on_revoked())
    await asyncio.sleep(2.5)
    assert not giving.done()
    broker.waiting[0].set_result(0)
    await giving


async def test_a_crash_below_ends_the_process_unless_everything_is_settled() -> None:
    host = host_on(Broker())
    with pytest.raises(Ended, match="faust crashed"):
        host.on_crash(OSError("connection lost"))
    await ran(host, Group(host), Writer())
    host.on_crash(asyncio.CancelledError())


async def test_a_group_that_cannot_be_joined_ends_the_process() -> None:
    class Closed(Group):
        async def join(self) -> None:
            raise OSError("not authorized")

    host = host_on(Broker())
    with pytest.raises(Ended, match="the group could not be joined or left"):
        await ran(host, Closed(host), Writer(), until=never())
