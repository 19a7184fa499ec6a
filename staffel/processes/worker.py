"""The worker process: it runs the score step inside Faust and turns its counters into checks and metrics."""

from collections.abc import Mapping
from time import monotonic

from projections import behind
from schemas import ENGAGEMENT
from staffel.processes.checks import SCORED, lag_result, log_check, set_lag
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.metrics import Metrics
from staffel.processes.process import Process
from staffel.processes.readiness import CheckResult, ReadinessCheck
from streams import Log
from streams.kafka import KafkaAddress
from streams.worker import WorkerCounters, WorkerOptions

SCORER = "scorer"


def run_scoring(log: Log, address: KafkaAddress, process: Process) -> None:
    """Score until the process is asked to end. Raises `LogRefused` if the log was replaced by another one."""
    from streams.worker import ScoringTask, run_worker

    options = WorkerOptions(session_s=process.settings.worker_session)
    counters = WorkerCounters(heartbeat_at=monotonic())
    scoring = ScoringTask(address, log.generation(ENGAGEMENT), options, counters)
    process.readiness.start(worker_checks(log, counters, process), process.stop)
    run_worker(address, scoring, options=options, counters=counters, stop=process.stop, log=process.log)


def worker_checks(log: Log, counters: WorkerCounters, process: Process) -> list[ReadinessCheck]:
    return [
        log_check(log),
        ReadinessCheck("recovered", CounterExporter(counters, process.heartbeat).run),
        ReadinessCheck("scored", lambda metrics: worker_lag_result(counters, metrics, process.settings.ready_lag)),
    ]


class CounterExporter:
    """The check whether the worker has its partitions; each run adds to the metrics what was counted since the last."""

    def __init__(self, counters: WorkerCounters, heartbeat: Heartbeat) -> None:
        self._counters, self._heartbeat = counters, heartbeat
        self._exported: Mapping[str, int] = {}
        self._exported_at, self._recovery_seconds = monotonic(), 0.0

    def run(self, metrics: Metrics) -> CheckResult:
        counters = self._counters
        self._heartbeat.seen_at(counters.heartbeat_at)
        self._export_counts(metrics)
        metrics.partitions.set(len(counters.positions))
        metrics.recovery_read.set(counters.recovered_records)
        recovering = counters.recovery
        self._export_recovery_time(metrics, recovering is not None)
        metrics.recovery_left.set(recovering.to_read - recovering.read if recovering else 0)
        if recovering:
            return CheckResult(False, f"recovering, {recovering.read} of {recovering.to_read} records read")
        if not counters.is_assigned:
            return CheckResult(False, "waiting for an assignment of partitions")
        return CheckResult(True, f"partitions {', '.join(map(str, sorted(counters.positions))) or 'none'}")

    def _export_counts(self, metrics: Metrics) -> None:
        counts = {"facts": self._counters.facts, "units": self._counters.units, "score records": self._counters.records}
        for what, count in counts.items():
            metrics.records.labels(f"{SCORER} {what}").inc(count - self._exported.get(what, 0))
        self._exported = counts

    def _export_recovery_time(self, metrics: Metrics, is_recovering: bool) -> None:
        """Adds the time since the last run of the check, so its precision is the interval of checks."""
        now, last_export = monotonic(), self._exported_at
        self._recovery_seconds += now - last_export if is_recovering else 0.0
        self._exported_at = now
        metrics.recovery_seconds.set(self._recovery_seconds)


def worker_lag_result(counters: WorkerCounters, metrics: Metrics, max_lag: int) -> CheckResult:
    """Facts of the partitions of this worker that it has not scored yet."""
    positions = dict(counters.positions)
    own_end_offsets = {partition: end for partition, end in dict(counters.ends).items() if partition in positions}
    metrics.lag.clear()
    return lag_result(set_lag(metrics, SCORED, behind(own_end_offsets, positions)), max_lag, "fact")
