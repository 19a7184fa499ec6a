"""Child processes of the crash tests: forked from a server that imported everything and opened nothing."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any


@dataclass
class Ended:
    """What a child told until it ended, and its exit code: -9 where it was killed."""

    code: int | None
    told: list[Any] = field(default_factory=list)


@cache
def forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.warm_up"])
    return context


@dataclass
class Child:
    """A process that runs; `told` is what it says."""

    process: ForkServerProcess
    told: Connection

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def ended(self) -> Ended:
        """Wait for its end."""
        told = []
        with suppress(EOFError):
            while True:
                told.append(self.told.recv())
        self.process.join()
        return Ended(self.process.exitcode, told)


def start(work: Callable[..., None], *arguments: object) -> Child:
    """The last argument of `work` is where it tells."""
    reading, telling = forks().Pipe(duplex=False)
    child = forks().Process(target=work, args=(*arguments, telling), daemon=True)
    child.start()
    telling.close()
    return Child(child, reading)


def run(work: Callable[..., None], *arguments: object) -> Ended:
    """Run to the end."""
    return start(work, *arguments).ended()
