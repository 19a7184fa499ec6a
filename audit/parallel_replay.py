"""A replay by several processes: each folds partitions of its own, read from the log by itself. Never writes.

The parent asks each process twice: what it folded, and, once the newest time of all is known, how accounts stand then.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from operator import itemgetter
from typing import Any, NamedTuple

from audit.replay import Progress, fold_partition, is_scored, recorded_within
from audit.replay_rows import Json, account_rows, handoff_rows
from scoring.fold.state import Account
from scoring.model.loading import ScoringModel
from scoring.plan.compiler import compile_model
from scoring.plan.plan import Plan
from streams.kafka.address import KafkaAddress
from streams.log import Log
from streams.scorer.gc_tuning import gc_frozen

Place = str | KafkaAddress
"""Where the log is: the address of the database that holds it, or of Kafka."""


@dataclass(frozen=True)
class Order:
    """What to replay: a log, which each process opens itself; a model where not the log's own."""

    place: Place
    partitions: int
    model: ScoringModel | None = None
    version: str = ""
    since: int | None = None
    until: int | None = None
    only: Sequence[int] | None = None
    """The partitions that one process takes; None for all."""


class Folded(NamedTuple):
    """What a process has folded, before it tells how accounts stand."""

    model: str
    facts: int
    latest: int


class Lost(Exception):
    """A process of the replay ended before it had answered; its own message stands on standard error."""


def replay_told(order: Order, processes: int = 1, progress: Progress = lambda _: None) -> Json:
    """Accounts with digest and tracks valued at the end of the replay, and the handoffs that it opened.

    Keys: model, facts, accounts, handoffs. Raises `Lost` where a process breaks.
    """
    shares = [list(range(order.partitions))[i::processes] for i in range(min(processes, order.partitions))]
    if len(shares) == 1:
        return _joined([_alone(order, progress)])
    return _joined(_together([replace(order, only=share) for share in shares], progress))


def _alone(order: Order, progress: Progress) -> Json:
    working = _working(order, progress)
    folded = next(working)
    assert isinstance(folded, Folded)
    return _part(folded, working.send(folded.latest))


def _together(orders: list[Order], progress: Progress) -> list[Json]:
    spawn = get_context("spawn")
    pipes: list[Connection] = []
    running = []
    for order in orders:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(theirs, order), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        running.append(process)
    try:
        folded = _answers(pipes, progress)
        latest = max(each.latest for each in folded)
        for pipe in pipes:
            pipe.send(latest)
        return [_part(*each) for each in zip(folded, _answers(pipes, progress), strict=True)]
    finally:
        for pipe, process in zip(pipes, running, strict=True):
            pipe.close()
            process.join()


def _answers(pipes: list[Connection], progress: Progress) -> list[Any]:
    """One answer of each process; numbers in between are progress."""
    answers: dict[int, Any] = {}
    while len(answers) < len(pipes):
        for ready in wait([pipe for i, pipe in enumerate(pipes) if i not in answers]):
            assert isinstance(ready, Connection)
            try:
                answer = ready.recv()
            except EOFError:
                raise Lost("a process of the replay ended early; --processes 1 shows more") from None
            if isinstance(answer, int):
                progress(answer)
            else:
                answers[pipes.index(ready)] = answer
    return [answers[i] for i in range(len(pipes))]


def work(pipe: Connection, order: Order) -> None:
    """What each process runs."""
    working = _working(order, pipe.send)
    pipe.send(next(working))
    pipe.send(working.send(pipe.recv()))


def open_log(place: Place, partitions: int) -> Log:
    """For reading alone. Each process waits for the imports: of SQLAlchemy and kafka-python it needs one."""
    if isinstance(place, str):
        from database.engine import open_database
        from streams.sql.log import SqlLog

        return SqlLog(open_database(place), partitions)
    from streams.kafka.log import KafkaLog

    return KafkaLog(place, client="staffel-audit")


Rows = tuple[list[Json], list[Json]]
"""Accounts and handoffs."""


def _working(order: Order, progress: Progress) -> Generator[Any, int, None]:
    """First what was folded; sent the newest time of all, the rows."""
    log = open_log(order.place, order.partitions)
    plan = compile_model(order.model, order.version) if order.model is not None else None
    accept = recorded_within(order.since, order.until)
    with gc_frozen():
        chosen = range(order.partitions) if order.only is None else order.only
        folds = [fold_partition(log, each, plan, accept, progress=progress) for each in chosen]
        log.close()
        accounts = [account for fold in folds for id, account in fold.accounts.items() if is_scored(id)]
        latest = max((fold.latest_time for fold in folds if fold.latest_time is not None), default=0)
        newest = yield Folded(folds[0].plan.version, sum(fold.facts for fold in folds), latest)
        yield _rows(accounts, newest if order.until is None else order.until, folds[0].plan)


def _rows(accounts: list[Account], at: int, plan: Plan) -> Rows:
    return account_rows(accounts, at, plan), handoff_rows(sorted(accounts, key=lambda each: each.id), plan)


def _part(folded: Folded, rows: Rows) -> Json:
    return {"model": folded.model, "facts": folded.facts, "accounts": rows[0], "handoffs": rows[1]}


def _joined(parts: list[Json]) -> Json:
    """Accounts by id; the handoffs of an account in the order of their crossings."""
    accounts = sorted((row for part in parts for row in part["accounts"]), key=itemgetter("account"))
    handoffs = sorted((row for part in parts for row in part["handoffs"]), key=itemgetter("account"))
    facts = sum(part["facts"] for part in parts)
    return {"model": parts[0]["model"], "facts": facts, "accounts": accounts, "handoffs": handoffs}
