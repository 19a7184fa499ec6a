"""Child processes of the crash tests, forked from a server that has imported everything and opened no database."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any


@dataclass
class ChildResult:
    """The messages of a child, and its exit code: -9 if it was killed."""

    code: int | None
    messages: list[Any] = field(default_factory=list)


@cache
def fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.warm_up"])
    return context


@dataclass
class Child:
    """A running process, and the pipe with its messages."""

    process: ForkServerProcess
    messages: Connection

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def wait(self) -> ChildResult:
        """Wait until it ends."""
        received = []
        with suppress(EOFError):
            while True:
                received.append(self.messages.recv())
        self.process.join()
        return ChildResult(self.process.exitcode, received)


def start(target: Callable[..., None], *arguments: object) -> Child:
    """Start a child. The last argument of `target` is the pipe for its messages."""
    receiver, sender = fork_server().Pipe(duplex=False)
    child = fork_server().Process(target=target, args=(*arguments, sender), daemon=True)
    child.start()
    sender.close()
    return Child(child, receiver)


def run(target: Callable[..., None], *arguments: object) -> ChildResult:
    """Start a child and wait until it ends."""
    return start(target, *arguments).wait()
