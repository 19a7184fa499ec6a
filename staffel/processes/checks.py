"""Readiness checks: log, database, and the lag of each stage. A check also sets the metrics of what it measures."""

from collections.abc import Callable

from database import Database
from projections import (
    PartitionLag,
    end_offsets,
    projected_offsets,
    projection_lag,
    reactor_backlog,
    scoring_lag,
    stale_in,
    visibility_lag,
)
from schemas import DEAD_LETTERS
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import CheckResult, ReadinessCheck
from staffel.wording import quantity
from streams import Log

SCORED, PROJECTED, VISIBLE = "scored", "projected", "visible"


def log_check(log: Log) -> ReadinessCheck:
    """The log answers; the result counts its dead letters."""

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
        return CheckResult(True, "answers")

    return ReadinessCheck("database", run)


def projection_lag_check(engine: Database, log: Log, max_lag: int) -> ReadinessCheck:
    """Score records that are not in the read models yet. Facts that are not visible yet are a metric only."""

    def run(metrics: Metrics) -> CheckResult:
        set_lag(metrics, VISIBLE, visibility_lag(engine, log))
        metrics.stale_accounts.set(len(stale_in(engine)))
        return lag_result(set_lag(metrics, PROJECTED, projection_lag(engine, log)), max_lag, "score record")

    return ReadinessCheck("projected", run)


def scoring_lag_check(log: Log, max_lag: int) -> ReadinessCheck:
    """Facts that no scorer has read yet."""

    def run(metrics: Metrics) -> CheckResult:
        return lag_result(set_lag(metrics, SCORED, scoring_lag(log)), max_lag, "fact")

    return ReadinessCheck("scored", run)


def outbox_check(engine: Database, clock: Callable[[], int], max_lag: int) -> ReadinessCheck:
    """Rows that the relay has yet to publish, and moves that the mover has yet to complete."""

    def run(metrics: Metrics) -> CheckResult:
        pending = reactor_backlog(engine, clock())
        metrics.outbox_waiting.set(pending.outbox)
        metrics.outbox_age.set(pending.age_ms / 1000)
        metrics.moves_open.set(pending.moves)
        return lag_result(pending.outbox + pending.moves, max_lag, "row")

    return ReadinessCheck("outbox", run)


def set_lag(metrics: Metrics, stage: str, lags: PartitionLag) -> int:
    """Set the gauges of a stage; returns the sum of the partitions."""
    for partition, lag in lags.items():
        metrics.lag.labels(stage, partition).set(lag)
    return sum(lags.values())


def lag_result(lag: int, max_lag: int, unit: str) -> CheckResult:
    return CheckResult(lag <= max_lag, f"{quantity(lag, unit)} behind, at most {max_lag} allowed")
