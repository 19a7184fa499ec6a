"""Child processes of the crash tests: forked from a server that imported everything and opened nothing."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import ForkServerContext
from typing import Any


@dataclass
class Ended:
    """What a child told until it ended, and its exit code: -9 where it was killed."""

    code: int | None
    told: list[Any] = field(default_factory=list)


@cache
def forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.warm"])
    return context


def run(work: Callable[..., None], *arguments: object) -> Ended:
    """Run to the end; the last argument of `work` is where it tells."""
    reading, telling = forks().Pipe(duplex=False)
    child = forks().Process(target=work, args=(*arguments, telling), daemon=True)
    child.start()
    telling.close()
    told = []
    try:
        while True:
            told.append(reading.recv())
    except EOFError:
        child.join(30)
    return Ended(child.exitcode, told)
