"""The worker as a process: what it waits for before it joins, what it is told, and what is looked at. Never folds."""

from collections.abc import Mapping
from time import monotonic

from schemas.topics import ENGAGEMENT
from staffel.processes.checks import SCORED, behind, limited, log_measure, told
from staffel.processes.heartbeat import Pulse
from staffel.processes.metrics import Metrics
from staffel.processes.process import Process
from staffel.processes.readiness import Found, Measure
from streams.kafka.address import KafkaAddress
from streams.log import Log
from streams.worker.options import WorkerCounters, WorkerOptions

SCORER = "scorer"


def work(log: Log, address: KafkaAddress, process: Process) -> None:
    """Score until the process is asked to end. Raises LogRefused where the log is not what it was."""
    from streams.worker.faust_app import run_worker
    from streams.worker.scoring import ScoringTask

    options = WorkerOptions(session_s=process.settings.worker_session)
    counters = WorkerCounters(heartbeat_at=monotonic())
    scoring = ScoringTask(address, log.generation(ENGAGEMENT), options, counters)
    process.watch.begin(worker_measures(log, counters, process), process.stop)
    run_worker(address, scoring, options=options, counters=counters, stop=process.stop, log=process.log)


def worker_measures(log: Log, counters: WorkerCounters, process: Process) -> list[Measure]:
    return [
        log_measure(log),
        Measure("recovered", Counted(counters, process.pulse).look),
        Measure("scored", lambda metrics: scored(counters, metrics, process.settings.ready_lag)),
    ]


class Counted:
    """What the worker counted since the last look, as metrics; whether it has its partitions."""

    def __init__(self, counters: WorkerCounters, pulse: Pulse) -> None:
        self._counters, self._pulse = counters, pulse
        self._told: Mapping[str, int] = {}
        self._looked, self._recovering = monotonic(), 0.0

    def look(self, metrics: Metrics) -> Found:
        counters = self._counters
        self._pulse.beaten_at(counters.heartbeat_at)
        self._count(metrics)
        metrics.partitions.set(len(counters.positions))
        metrics.recovery_read.set(counters.recovered_records)
        recovering = counters.recovery
        self._time(metrics, recovering is not None)
        metrics.recovery_left.set(recovering.to_read - recovering.read if recovering else 0)
        if recovering:
            return Found(False, f"recovering, {recovering.read} of {recovering.to_read} records read")
        if not counters.is_assigned:
            return Found(False, "waiting for its share of the partitions")
        return Found(True, f"partitions {', '.join(map(str, sorted(counters.positions))) or 'of others'}")

    def _count(self, metrics: Metrics) -> None:
        now = {"facts": self._counters.facts, "units": self._counters.units, "score records": self._counters.records}
        for what, count in now.items():
            metrics.records.labels(f"{SCORER} {what}").inc(count - self._told.get(what, 0))
        self._told = now

    def _time(self, metrics: Metrics, recovering: bool) -> None:
        """As exact as the looks are frequent."""
        now, before = monotonic(), self._looked
        self._recovering += now - before if recovering else 0.0
        self._looked = now
        metrics.recovery_seconds.set(self._recovering)


def scored(counters: WorkerCounters, metrics: Metrics, most: int) -> Found:
    """Facts of its own partitions that it has not scored yet."""
    positions = dict(counters.positions)
    ends = {partition: end for partition, end in dict(counters.ends).items() if partition in positions}
    metrics.lag.clear()
    return limited(told(metrics, SCORED, behind(ends, positions)), most, "fact")
