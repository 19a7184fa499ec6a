"""The life of a worker's process: it joins a group, is given partitions, is watched, leaves. Never fetches or folds."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any, Protocol

from streams.log import LogRefused
from streams.worker.assignments import Appender, Worker
from streams.worker.fencing import BEAT_S, End, Fence, Watchdog, leave
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import Work
from streams.worker.recovery import Readers

_LOOK_S = 2.0
_RETRY_S = 1.0


class Writer(Protocol):
    """The connection that units are written through."""

    async def start(self) -> str | None:
        """What is wrong, None where nothing is."""

    async def stop(self) -> None: ...


class Group(Protocol):
    """The workers that share the partitions of a source."""

    async def join(self) -> None: ...

    async def leave(self) -> None:
        """Return when others may take over."""

    async def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The readable ends of the source. Raises where the broker does not tell."""


class WorkerHost:
    """A worker and what keeps it honest. `refused`: why it stopped by itself, if it did."""

    def __init__(
        self,
        work: Work,
        appender: Appender,
        readers: Readers,
        options: WorkerOptions,
        counters: WorkerCounters,
        log: Any,
        end: End | None = None,
    ) -> None:
        self.work, self.options, self.counters, self._log = work, options, counters, log
        self.end: End = end or partial(leave, log)
        self.fence = Fence(options.session_s, counters, self.end)
        self.watchdog = Watchdog(options.stall_s, options.recovery_stall_s, counters, self.end)
        self.worker = Worker(
            work, appender, readers, options, counters, log=log, check=self.fence.check, end=self.end
        )  # fmt: skip
        self.stopping = asyncio.Event()
        self.refused: LogRefused | None = None
        self.settled = False
        """Everything is durable and nothing will be folded any more: what goes wrong now harms nobody."""
        self._answering: float | None = None
        """Since when the broker answers."""
        self._silent = False

    async def run(self, writer: Writer, group: Group, stop: Event) -> None:
        """Until `stop` is set. Raises LogRefused where the log is not what it was."""
        loop = asyncio.get_running_loop()
        Thread(target=_tell, args=(stop, loop, self.stopping), name="stop", daemon=True).start()
        if not await self._reached(writer):
            return
        self.fence.watch()
        tasks = [loop.create_task(each) for each in (self._beat(), self._look(group))]
        try:
            await self._member(group)
            await writer.stop()
        finally:
            self.fence.close()
            for task in tasks:
                task.cancel()
        if self.refused is not None:
            raise self.refused

    async def _member(self, group: Group) -> None:
        """From joining to leaving; what was written before the end is durable then, or the process is gone."""
        try:
            await group.join()
            await self.stopping.wait()
            await self.given_up()
            self.settled = True
            async with asyncio.timeout(2 * self.options.session_s):
                await group.leave()
        except Exception as error:
            self.end("the group could not be joined or left", error)

    async def _reached(self, writer: Writer) -> bool:
        """Whether the broker answers, be it later; False where the end came before."""
        while not self.stopping.is_set():
            trouble = await writer.start()
            if trouble is None:
                return True
            self._log.warning("waiting_for_broker", why=trouble)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), _RETRY_S)
        return False

    async def given_up(self) -> None:
        """Partitions are taken away: return when the next owner will find the log at rest.

        The broker gives them to nobody else for a session. Where it is silent nobody else gets them, and waiting is
        right; where it answers and does not acknowledge, what we wrote must not come after what the next owner writes.
        """
        giving = asyncio.ensure_future(self.worker.give_up())
        while not (await asyncio.wait([giving], timeout=self.options.session_s))[0]:
            if self.answering_for(self.options.session_s):
                self.end("what was being written could not be finished before the partitions were given up", None)
        await giving

    def answering_for(self, seconds: float) -> bool:
        """Whether the broker has told the ends of the source for so long."""
        return self._answering is not None and monotonic() - self._answering >= seconds

    async def given(self, partitions: Collection[int]) -> None:
        """Partitions were assigned; nothing of them may be fetched before this returns."""
        if self.stopping.is_set():
            return
        try:
            await self.worker.take_over(partitions)
        except LogRefused as refused:
            self.refuse(refused)
        except BaseException as error:
            self.unless_stopping("the recovery failed", error)

    async def fold(self, delivery: Any) -> None:
        """Whatever is wrong, nothing is raised: Faust would take the records for done."""
        try:
            await self.worker.fold(delivery)
        except LogRefused as refused:
            self.refuse(refused)
        except BaseException as error:
            place = f"partition {delivery.part.number}"
            self.unless_stopping(f"the records from {delivery.start} on of {place} cannot be folded", error)

    def unless_stopping(self, why: str, error: BaseException) -> None:
        """End the process; a cancellation is an ordinary stop, but where nobody asked for one it would go unheard."""
        if isinstance(error, asyncio.CancelledError) and self.stopping.is_set():
            raise error
        self.end(why, error)

    def crashed(self, reason: BaseException) -> None:
        """Something below gave up. Faust cancels its fetcher on leaving, and may take that for a crash."""
        if not self.settled:
            self.end("faust crashed", reason)

    def refuse(self, refused: LogRefused) -> None:
        """Stop, writing nothing more, for people to look at it."""
        self.refused = refused
        self.worker.close()
        self.stopping.set()

    async def _beat(self) -> None:
        while True:
            self.fence.beat()
            await asyncio.sleep(BEAT_S)

    async def _look(self, group: Group) -> None:
        """Where positions stand against their ends, as long as the broker tells."""
        while True:
            await asyncio.sleep(_LOOK_S)
            ends = await self._ends(group)
            self.heard(ends is not None)
            self.counters.ends = dict(ends or {})
            self.watchdog.look(ends, monotonic())

    def heard(self, answered: bool) -> None:
        """Whether the broker answered just now."""
        if answered and self._silent:
            self._log.info("broker_answers")
        elif not answered and not self._silent:
            self._log.warning("broker_silent")
        self._silent = not answered
        self._answering = (self._answering or monotonic()) if answered else None

    async def _ends(self, group: Group) -> Mapping[int, int] | None:
        with suppress(Exception):
            async with asyncio.timeout(_LOOK_S):
                return await group.ends(list(self.worker.parts) or [0])
        return None


def _tell(stop: Event, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    stop.wait()
    with suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stopping.set)
