"""Replay in several processes; each reads and folds its own partitions.

The parent collects two answers from each process: a summary of the fold, and, after it has sent the latest time over
all partitions, the rows valued at that time.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from operator import itemgetter
from typing import Any, NamedTuple

from audit.replay import Progress, fold_partition, is_scored, recorded_within
from audit.replay_rows import Json, account_rows, handoff_rows
from scoring.fold import Account
from scoring.model import ScoringModel
from scoring.plan import Plan, compile_model
from streams import Log
from streams.kafka import KafkaAddress
from streams.scorer import gc_frozen

LogAddress = str | KafkaAddress
"""Address of the log: a database URL, or the Kafka address."""


@dataclass(frozen=True)
class ReplayJob:
    """What to replay. Each process opens the log itself; `model`: None for the models in the log."""

    address: LogAddress
    partition_count: int
    model: ScoringModel | None = None
    version: str = ""
    since: int | None = None
    until: int | None = None
    assigned: Sequence[int] | None = None
    """Partitions of one process; None for all."""


class FoldSummary(NamedTuple):
    """The first answer of a process: what it folded."""

    model: str
    facts: int
    latest: int


class ReplayWorkerLost(Exception):
    """A replay process ended before it answered; its own message is on standard error."""


def replay_in_parallel(job: ReplayJob, processes: int = 1, progress: Progress = lambda _: None) -> Json:
    """Accounts with digest and tracks, valued at the end of the replay, and the handoffs it opened.

    Keys: model, facts, accounts, handoffs. Raises `ReplayWorkerLost` if a process dies.
    """
    assignments = [list(range(job.partition_count))[i::processes] for i in range(min(processes, job.partition_count))]
    if len(assignments) == 1:
        return _merged_result([_run_here(job, progress)])
    return _merged_result(_run_workers([replace(job, assigned=share) for share in assignments], progress))


def _run_here(job: ReplayJob, progress: Progress) -> Json:
    phases = _replay_phases(job, progress)
    fold_summary = next(phases)
    assert isinstance(fold_summary, FoldSummary)
    return _partial_result(fold_summary, phases.send(fold_summary.latest))


def _run_workers(jobs: list[ReplayJob], progress: Progress) -> list[Json]:
    context = get_context("spawn")
    pipes: list[Connection] = []
    workers = []
    for job in jobs:
        parent_end, worker_end = context.Pipe()
        process = context.Process(target=replay_worker, args=(worker_end, job), daemon=True)
        process.start()
        worker_end.close()
        pipes.append(parent_end)
        workers.append(process)
    try:
        fold_summaries = _collect_answers(pipes, progress)
        latest = max(each.latest for each in fold_summaries)
        for pipe in pipes:
            pipe.send(latest)
        return [_partial_result(*each) for each in zip(fold_summaries, _collect_answers(pipes, progress), strict=True)]
    finally:
        for pipe, process in zip(pipes, workers, strict=True):
            pipe.close()
            process.join()


def _collect_answers(pipes: list[Connection], progress: Progress) -> list[Any]:
    """One answer from each process; numbers in between are progress."""
    answers: dict[int, Any] = {}
    while len(answers) < len(pipes):
        for ready in wait([pipe for i, pipe in enumerate(pipes) if i not in answers]):
            assert isinstance(ready, Connection)
            try:
                answer = ready.recv()
            except EOFError:
                raise ReplayWorkerLost("a process of the replay ended early; --processes 1 shows more") from None
            if isinstance(answer, int):
                progress(answer)
            else:
                answers[pipes.index(ready)] = answer
    return [answers[i] for i in range(len(pipes))]


def replay_worker(pipe: Connection, job: ReplayJob) -> None:
    """Target function of a replay process."""
    phases = _replay_phases(job, pipe.send)
    pipe.send(next(phases))
    pipe.send(phases.send(pipe.recv()))


def open_log(address: LogAddress, partitions: int) -> Log:
    """Open the log for reading. Imports are local because a process needs only one of SQLAlchemy and kafka-python."""
    if isinstance(address, str):
        from database import open_database
        from streams.sql import SqlLog

        return SqlLog(open_database(address), partitions)
    from streams.kafka import KafkaLog

    return KafkaLog(address, client="staffel-audit")


Rows = tuple[list[Json], list[Json]]
"""Accounts and handoffs."""


def _replay_phases(job: ReplayJob, progress: Progress) -> Generator[Any, int, None]:
    """Yield the `FoldSummary`; then, after the latest time was sent in, the rows."""
    log = open_log(job.address, job.partition_count)
    plan = compile_model(job.model, job.version) if job.model is not None else None
    accept = recorded_within(job.since, job.until)
    with gc_frozen():
        assigned = range(job.partition_count) if job.assigned is None else job.assigned
        folds = [fold_partition(log, each, plan, accept, progress=progress) for each in assigned]
        log.close()
        accounts = [account for fold in folds for id, account in fold.accounts.items() if is_scored(id)]
        latest = max((fold.latest_time for fold in folds if fold.latest_time is not None), default=0)
        latest_of_all = yield FoldSummary(folds[0].plan.version, sum(fold.facts for fold in folds), latest)
        yield _rows(accounts, latest_of_all if job.until is None else job.until, folds[0].plan)


def _rows(accounts: list[Account], at: int, plan: Plan) -> Rows:
    return account_rows(accounts, at, plan), handoff_rows(sorted(accounts, key=lambda each: each.id), plan)


def _partial_result(fold_summary: FoldSummary, rows: Rows) -> Json:
    return {"model": fold_summary.model, "facts": fold_summary.facts, "accounts": rows[0], "handoffs": rows[1]}


def _merged_result(partial_results: list[Json]) -> Json:
    """Accounts by ID; handoffs of an account in the order of their crossings."""
    accounts = sorted((row for part in partial_results for row in part["accounts"]), key=itemgetter("account"))
    handoffs = sorted((row for part in partial_results for row in part["handoffs"]), key=itemgetter("account"))
    facts = sum(part["facts"] for part in partial_results)
    return {"model": partial_results[0]["model"], "facts": facts, "accounts": accounts, "handoffs": handoffs}
