"""The life of a worker's process: it joins a group, is given partitions, is watched, leaves. Never fetches or folds."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any, Protocol

from streams.log import LogRefused
from streams.worker.assignments import Appender, Assignments
from streams.worker.fencing import HEARTBEAT_INTERVAL_S, AbortProcess, Fence, Watchdog, abort_process
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import WorkerTask
from streams.worker.recovery import OpenReader

_POLL_INTERVAL_S = 2.0
_RETRY_S = 1.0


class ProducerConnection(Protocol):
    """The connection that units are written through."""

    async def start(self) -> str | None:
        """What is wrong, None where nothing is."""

    async def stop(self) -> None: ...


class ConsumerGroup(Protocol):
    """The workers that share the partitions of a source."""

    async def join(self) -> None: ...

    async def leave(self) -> None:
        """Return when others may take over."""

    async def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The readable ends of the source. Raises where the broker does not tell."""


class WorkerLifecycle:
    """A worker and what keeps it honest. `refused`: why it stopped by itself, if it did."""

    def __init__(
        self,
        task: WorkerTask,
        appender: Appender,
        open_reader: OpenReader,
        options: WorkerOptions,
        counters: WorkerCounters,
        log: Any,
        abort: AbortProcess | None = None,
    ) -> None:
        self.task, self.options, self.counters, self._log = task, options, counters, log
        self.abort: AbortProcess = abort or partial(abort_process, log)
        self.fence = Fence(options.session_s, counters, self.abort)
        self.watchdog = Watchdog(options.stall_s, options.recovery_stall_s, counters, self.abort)
        self.assignments = Assignments(
            task, appender, open_reader, options, counters, log=log, check=self.fence.check, abort=self.abort
        )  # fmt: skip
        self.stopping = asyncio.Event()
        self.refusal: LogRefused | None = None
        self.is_drained = False
        """Everything is durable and nothing will be folded any more: what goes wrong now harms nobody."""
        self._answering_since: float | None = None
        """Since when the broker answers."""
        self._is_broker_silent = False

    async def run(self, producer: ProducerConnection, group: ConsumerGroup, stop: Event) -> None:
        """Until `stop` is set. Raises LogRefused where the log is not what it was."""
        loop = asyncio.get_running_loop()
        Thread(target=_forward_stop, args=(stop, loop, self.stopping), name="stop", daemon=True).start()
        if not await self._wait_for_broker(producer):
            return
        self.fence.start()
        tasks = [loop.create_task(each) for each in (self._beat(), self._watch_lag(group))]
        try:
            await self._run_membership(group)
            await producer.stop()
        finally:
            self.fence.close()
            for task in tasks:
                task.cancel()
        if self.refusal is not None:
            raise self.refusal

    async def _run_membership(self, group: ConsumerGroup) -> None:
        """From joining to leaving; what was written before the end is durable then, or the process is gone."""
        try:
            await group.join()
            await self.stopping.wait()
            await self.on_revoked()
            self.is_drained = True
            async with asyncio.timeout(2 * self.options.session_s):
                await group.leave()
        except Exception as error:
            self.abort("the group could not be joined or left", error)

    async def _wait_for_broker(self, producer: ProducerConnection) -> bool:
        """Whether the broker answers, be it later; False where the end came before."""
        while not self.stopping.is_set():
            problem = await producer.start()
            if problem is None:
                return True
            self._log.warning("waiting_for_broker", why=problem)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), _RETRY_S)
        return False

    async def on_revoked(self) -> None:
        """Partitions are taken away: return when the next owner will find the log at rest.

        The broker gives them to nobody else for a session. Where it is silent nobody else gets them, and waiting is
        right; where it answers and does not acknowledge, what we wrote must not come after what the next owner writes.
        """
        revocation = asyncio.ensure_future(self.assignments.revoke())
        while not (await asyncio.wait([revocation], timeout=self.options.session_s))[0]:
            if self.has_answered_for(self.options.session_s):
                self.abort("what was being written could not be finished before the partitions were given up", None)
        await revocation

    def has_answered_for(self, seconds: float) -> bool:
        """Whether the broker has told the ends of the source for so long."""
        return self._answering_since is not None and monotonic() - self._answering_since >= seconds

    async def on_assigned(self, partitions: Collection[int]) -> None:
        """Partitions were assigned; nothing of them may be fetched before this returns."""
        if self.stopping.is_set():
            return
        try:
            await self.assignments.recover(partitions)
        except LogRefused as refused:
            self.stop_refused(refused)
        except BaseException as error:
            self.abort_unless_stopping("the recovery failed", error)

    async def on_delivery(self, delivery: Any) -> None:
        """Whatever is wrong, nothing is raised: Faust would take the records for done."""
        try:
            await self.assignments.process(delivery)
        except LogRefused as refused:
            self.stop_refused(refused)
        except BaseException as error:
            place = f"partition {delivery.assignment.partition}"
            self.abort_unless_stopping(f"the records from {delivery.start} on of {place} cannot be folded", error)

    def abort_unless_stopping(self, why: str, error: BaseException) -> None:
        """End the process; a cancellation is an ordinary stop, but where nobody asked for one it would go unheard."""
        if isinstance(error, asyncio.CancelledError) and self.stopping.is_set():
            raise error
        self.abort(why, error)

    def on_crash(self, reason: BaseException) -> None:
        """Something below gave up. Faust cancels its fetcher on leaving, and may take that for a crash."""
        if not self.is_drained:
            self.abort("faust crashed", reason)

    def stop_refused(self, refusal: LogRefused) -> None:
        """Stop, writing nothing more, for people to look at it."""
        self.refusal = refusal
        self.assignments.close()
        self.stopping.set()

    async def _beat(self) -> None:
        while True:
            self.fence.beat()
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)

    async def _watch_lag(self, group: ConsumerGroup) -> None:
        """Where positions stand against their ends, as long as the broker tells."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL_S)
            ends = await self._source_ends(group)
            self.on_broker_poll(ends is not None)
            self.counters.ends = dict(ends or {})
            self.watchdog.check(ends, monotonic())

    def on_broker_poll(self, answered: bool) -> None:
        """Whether the broker answered just now."""
        if answered and self._is_broker_silent:
            self._log.info("broker_answers")
        elif not answered and not self._is_broker_silent:
            self._log.warning("broker_silent")
        self._is_broker_silent = not answered
        self._answering_since = (self._answering_since or monotonic()) if answered else None

    async def _source_ends(self, group: ConsumerGroup) -> Mapping[int, int] | None:
        with suppress(Exception):
            async with asyncio.timeout(_POLL_INTERVAL_S):
                return await group.ends(list(self.assignments.active) or [0])
        return None


def _forward_stop(stop: Event, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    stop.wait()
    with suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stopping.set)
