"""What is looked at in a process: log, database, lag, outbox. Never judges more than whether a check holds."""

from collections.abc import Callable, Mapping

from database.engine import Database
from projections.lag import projected_offsets, projector_positions, reactor_backlog
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import Found, Measure
from staffel.wording import counted
from streams.log import Log

SCORED, PROJECTED, VISIBLE = "scored", "projected", "visible"


def log_measure(log: Log) -> Measure:
    """The log answers; how many dead letters there are."""

    def look(metrics: Metrics) -> Found:
        letters = ends(log, DEAD_LETTERS)
        for partition, end in letters.items():
            metrics.dead_letters.labels(partition).set(end)
        return Found(True, f"{counted(len(letters), 'partition')}, {counted(sum(letters.values()), 'dead letter')}")

    return Measure("log", look)


def database_measure(engine: Database, log: Log) -> Measure:
    """The database answers."""

    def look(_: Metrics) -> Found:
        projected_offsets(engine, log)
        return Found(True, engine.url.render_as_string())

    return Measure("database", look)


def projected_measure(engine: Database, log: Log, most: int) -> Measure:
    """Score records that are not in the read models yet; facts that are not visible yet are measured beside."""

    def look(metrics: Metrics) -> Found:
        told(metrics, VISIBLE, behind(ends(log, ENGAGEMENT), projected_offsets(engine, log)))
        lags = behind(ends(log, SCORES), projector_positions(engine, log))
        return limited(told(metrics, PROJECTED, lags), most, "score record")

    return Measure("projected", look)


def scored_measure(log: Log, most: int) -> Measure:
    """Facts that no scorer has read yet."""

    def look(metrics: Metrics) -> Found:
        at = {partition: log.position(partition) for partition in range(log.partitions(ENGAGEMENT))}
        return limited(told(metrics, SCORED, behind(ends(log, ENGAGEMENT), at)), most, "fact")

    return Measure("scored", look)


def outbox_measure(engine: Database, clock: Callable[[], int], most: int) -> Measure:
    """Rows that the relay has yet to publish, and moves that the mover has yet to make."""

    def look(metrics: Metrics) -> Found:
        found = reactor_backlog(engine, clock())
        metrics.outbox_waiting.set(found.outbox)
        metrics.outbox_age.set(found.age_ms / 1000)
        metrics.moves_open.set(found.moves)
        return limited(found.outbox + found.moves, most, "row")

    return Measure("outbox", look)


def told(metrics: Metrics, stage: str, lags: Mapping[int, int]) -> int:
    """Their sum."""
    for partition, lag in lags.items():
        metrics.lag.labels(stage, partition).set(lag)
    return sum(lags.values())


def limited(lag: int, most: int, what: str) -> Found:
    return Found(lag <= most, f"{counted(lag, what)} behind, at most {most} allowed")


def ends(log: Log, topic: str) -> dict[int, int]:
    return {partition: log.end(topic, partition) for partition in range(log.partitions(topic))}


def behind(reached: Mapping[int, int], at: Mapping[int, int]) -> dict[int, int]:
    return {partition: max(0, end - at.get(partition, 0)) for partition, end in reached.items()}
