"""Staffel's worker as it is, told which work to host: `URL sum|fold FOLDER`. Prints when it takes its first fact."""

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from time import monotonic, time_ns
from typing import Any

import msgspec

from benchmarks.kafka.simple_sum import SumTask
from schemas.topics import ENGAGEMENT
from streams.kafka.address import KafkaAddress, parse_kafka_address
from streams.kafka.topics import topic_ids
from streams.worker.faust_app import run_worker
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, PartitionTask, StoredState, WorkerTask
from streams.worker.scoring import ScoringTask
from streams.worker.units import UnitBatch


class AnnouncingTask:
    """A work whose first fold is told."""

    def __init__(self, task: Any) -> None:
        self._task = task
        self._has_announced = False
        self.order = task.order  # asked for every record of a recovery

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def partition_task(self, partition: int, stored: StoredState) -> PartitionTask:
        inner = self._task.partition_task(partition, stored)
        fold = inner.fold

        def announcing_fold(next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
            if not self._has_announced:
                self._has_announced = True
                print(f"first {time_ns() // 1_000_000}", flush=True)
            inner.fold = fold
            return fold(next, records)  # type: ignore[no-any-return]

        inner.fold = announcing_fold
        return inner  # type: ignore[no-any-return]


class JsonLogger:
    """The worker's log lines, each as `event {…}` in JSON."""

    def info(self, event: str, **fields: Any) -> None:
        print(event, msgspec.json.encode(fields, enc_hook=str).decode(), flush=True)

    warning = error = critical = exception = info


def main(url: str, kind: str, folder: str) -> None:
    address = parse_kafka_address(url)
    options, counters = WorkerOptions(datadir=Path(folder)), WorkerCounters(heartbeat_at=monotonic())
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_worker(
        address,
        AnnouncingTask(worker_task(kind, address, options, counters)),
        options=options,
        counters=counters,
        stop=stop,
        log=JsonLogger(),
    )


def worker_task(kind: str, address: KafkaAddress, options: WorkerOptions, counters: WorkerCounters) -> WorkerTask:
    if kind == "sum":
        return SumTask(address)
    return ScoringTask(address, topic_ids(address)[ENGAGEMENT], options, counters)


if __name__ == "__main__":
    main(*sys.argv[1:])
