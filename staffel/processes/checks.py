"""What is looked at in a process: log, database, lag, outbox. Never judges more than whether a check holds."""

from collections.abc import Callable, Mapping

from database.engine import Database
from projections.lag import projected_offsets, projector_positions, reactor_backlog
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import CheckResult, ReadinessCheck
from staffel.wording import quantity
from streams.log import Log

SCORED, PROJECTED, VISIBLE = "scored", "projected", "visible"


def log_check(log: Log) -> ReadinessCheck:
    """The log answers; how many dead letters there are."""

    def run(metrics: Metrics) -> CheckResult:
        letter_counts = end_offsets(log, DEAD_LETTERS)
        for partition, end in letter_counts.items():
            metrics.dead_letters.labels(partition).set(end)
        return CheckResult(
            True, f"{quantity(len(letter_counts), 'partition')}, {quantity(sum(letter_counts.values()), 'dead letter')}"
        )

    return ReadinessCheck("log", run)


def database_check(engine: Database, log: Log) -> ReadinessCheck:
    """The database answers."""

    def run(_: Metrics) -> CheckResult:
        projected_offsets(engine, log)
        return CheckResult(True, engine.url.render_as_string())

    return ReadinessCheck("database", run)


def projection_lag_check(engine: Database, log: Log, max_lag: int) -> ReadinessCheck:
    """Score records that are not in the read models yet; facts that are not visible yet are measured beside."""

    def run(metrics: Metrics) -> CheckResult:
        set_lag(metrics, VISIBLE, lag_per_partition(end_offsets(log, ENGAGEMENT), projected_offsets(engine, log)))
        lags = lag_per_partition(end_offsets(log, SCORES), projector_positions(engine, log))
        return lag_result(set_lag(metrics, PROJECTED, lags), max_lag, "score record")

    return ReadinessCheck("projected", run)


def scoring_lag_check(log: Log, max_lag: int) -> ReadinessCheck:
    """Facts that no scorer has read yet."""

    def run(metrics: Metrics) -> CheckResult:
        positions = {partition: log.position(partition) for partition in range(log.partitions(ENGAGEMENT))}
        return lag_result(
            set_lag(metrics, SCORED, lag_per_partition(end_offsets(log, ENGAGEMENT), positions)), max_lag, "fact"
        )

    return ReadinessCheck("scored", run)


def outbox_check(engine: Database, clock: Callable[[], int], max_lag: int) -> ReadinessCheck:
    """Rows that the relay has yet to publish, and moves that the mover has yet to make."""

    def run(metrics: Metrics) -> CheckResult:
        pending = reactor_backlog(engine, clock())
        metrics.outbox_waiting.set(pending.outbox)
        metrics.outbox_age.set(pending.age_ms / 1000)
        metrics.moves_open.set(pending.moves)
        return lag_result(pending.outbox + pending.moves, max_lag, "row")

    return ReadinessCheck("outbox", run)


def set_lag(metrics: Metrics, stage: str, lags: Mapping[int, int]) -> int:
    """Their sum."""
    for partition, lag in lags.items():
        metrics.lag.labels(stage, partition).set(lag)
    return sum(lags.values())


def lag_result(lag: int, max_lag: int, unit: str) -> CheckResult:
    return CheckResult(lag <= max_lag, f"{quantity(lag, unit)} behind, at most {max_lag} allowed")


def end_offsets(log: Log, topic: str) -> dict[int, int]:
    return {partition: log.end(topic, partition) for partition in range(log.partitions(topic))}


def lag_per_partition(end_offsets_by_partition: Mapping[int, int], positions: Mapping[int, int]) -> dict[int, int]:
    return {partition: max(0, end - positions.get(partition, 0)) for partition, end in end_offsets_by_partition.items()}
