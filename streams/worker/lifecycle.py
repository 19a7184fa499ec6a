"""The life cycle of a worker process: it joins the group, receives partitions, is monitored, and leaves."""

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
        """Connect; returns the error, or None."""

    async def stop(self) -> None: ...


class ConsumerGroup(Protocol):
    """The workers that share the partitions of a source."""

    async def join(self) -> None: ...

    async def leave(self) -> None:
        """Return once other workers may take over."""

    async def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The readable ends of the source. Raises if the broker does not answer."""


class WorkerLifecycle:
    """Joins assignments, fence and watchdog. `refusal`: why the worker stopped by itself, if it did."""

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
        """Everything is durable and nothing more will be folded, so later errors do no harm."""
        self._answering_since: float | None = None
        """Since when the broker has been answering."""
        self._is_broker_silent = False

    async def run(self, producer: ProducerConnection, group: ConsumerGroup, stop: Event) -> None:
        """Work until `stop` is set. Raises LogRefused if the log is not the one it was."""
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
        """Join, work, leave. When this returns, everything written is durable; otherwise the process ends."""
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
        """Wait until the broker answers; False if the worker was stopped before."""
        while not self.stopping.is_set():
            problem = await producer.start()
            if problem is None:
                return True
            self._log.warning("waiting_for_broker", why=problem)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), _RETRY_S)
        return False

    async def on_revoked(self) -> None:
        """Partitions are revoked: return once no write is pending, so that the log is stable for the next owner.

        The broker assigns them to nobody else for the length of a session. If it does not answer, nobody gets them and
        waiting is safe. If it answers but does not acknowledge, a write could follow those of the next owner.
        """
        revocation = asyncio.ensure_future(self.assignments.revoke())
        while not (await asyncio.wait([revocation], timeout=self.options.session_s))[0]:
            if self.has_answered_for(self.options.session_s):
                self.abort("pending writes were not acknowledged before the partitions had to be released", None)
        await revocation

    def has_answered_for(self, seconds: float) -> bool:
        """Whether the broker has been answering for so long."""
        return self._answering_since is not None and monotonic() - self._answering_since >= seconds

    async def on_assigned(self, partitions: Collection[int]) -> None:
        """Partitions are assigned; they may be fetched once this returns."""
        if self.stopping.is_set():
            return
        try:
            await self.assignments.recover(partitions)
        except LogRefused as refused:
            self.stop_refused(refused)
        except BaseException as error:
            self.abort_unless_stopping("the recovery failed", error)

    async def on_delivery(self, delivery: Any) -> None:
        """Process records. Raises nothing, because Faust would treat the records as processed."""
        try:
            await self.assignments.process(delivery)
        except LogRefused as refused:
            self.stop_refused(refused)
        except BaseException as error:
            place = f"partition {delivery.assignment.partition}"
            self.abort_unless_stopping(f"the records from {delivery.start} on of {place} cannot be folded", error)

    def abort_unless_stopping(self, why: str, error: BaseException) -> None:
        """End the process. A cancellation is raised while stopping; at any other time it would go unnoticed."""
        if isinstance(error, asyncio.CancelledError) and self.stopping.is_set():
            raise error
        self.abort(why, error)

    def on_crash(self, reason: BaseException) -> None:
        """Faust has crashed. It may report the cancellation of its fetcher on leaving as a crash."""
        if not self.is_drained:
            self.abort("faust crashed", reason)

    def stop_refused(self, refusal: LogRefused) -> None:
        """Stop without further writes: somebody has to look at the log."""
        self.refusal = refusal
        self.assignments.close()
        self.stopping.set()

    async def _beat(self) -> None:
        while True:
            self.fence.beat()
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)

    async def _watch_lag(self, group: ConsumerGroup) -> None:
        """Update the ends of partitions and let the watchdog compare them with positions."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL_S)
            ends = await self._source_ends(group)
            self.on_broker_poll(ends is not None)
            self.counters.ends = dict(ends or {})
            self.watchdog.check(ends, monotonic())

    def on_broker_poll(self, answered: bool) -> None:
        """Note whether the broker has answered."""
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
    with suppress(RuntimeError):  # the loop has already ended
        loop.call_soon_threadsafe(stopping.set)
