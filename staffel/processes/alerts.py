"""Alerts in processes and on screen: the end of their threads, their lag, and rows and channels as shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from alerts import (
    PLANNED,
    WAITING,
    AlertOutbox,
    Alerts,
    AlertSettings,
    ChannelSettings,
    coverage_problems,
    receivers_of,
)
from database import Database
from projections import behind, end_offsets
from schemas import SQA_HANDOFFS, format_time
from scoring.model import ScoringModel
from staffel.processes.checks import set_lag
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import CheckResult, ReadinessCheck
from staffel.wording import quantity
from streams import Log, Step


@contextmanager
def closing_alerts(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """The steps of `staffel up`; the threads of its alerts end with the block."""
    try:
        yield steps
    finally:
        for step in steps:
            if isinstance(step, Alerts):
                step.close()


def alerts_check(engine: Database, log: Log, max_lag: int) -> ReadinessCheck:
    """Events that the alerts have yet to read. Alerts that wait for their channels do not make the process unready."""
    rows = AlertOutbox(engine)

    def run(metrics: Metrics) -> CheckResult:
        waiting = rows.counts_by_status()[WAITING]
        metrics.alerts_pending.set(waiting)
        positions = rows.positions(log.generation(SQA_HANDOFFS), log.partitions(SQA_HANDOFFS))
        lag = set_lag(metrics, "alerted", behind(end_offsets(log, SQA_HANDOFFS), positions))
        return CheckResult(lag <= max_lag, f"{quantity(lag, 'event')} to read, {quantity(waiting, 'alert')} to deliver")

    return ReadinessCheck("alerts", run)


def channel_problems(engine: Database, model: ScoringModel, settings: AlertSettings) -> list[str]:
    """Handoffs of the model in force that nobody hears of, and channels that nothing reaches."""
    return coverage_problems(settings, model, AlertOutbox(engine).account_owners())


def alert_json(row: Any) -> dict[str, Any]:
    """An alert and its delivery, without its content."""
    return {
        "alert": row.id,
        "channel": row.channel,
        "receiver": row.receiver or None,
        "kind": row.kind,
        "account": row.account,
        "at": format_time(row.at),
        "status": row.status,
        "why": row.why,
        "attempts": row.attempts,
        "next_try_at": format_time(row.next_try_at) if row.status in (WAITING, PLANNED) else None,
        "told_at": None if row.told_at is None else format_time(row.told_at),
    }


def receivers_json(channel: ChannelSettings) -> list[dict[str, str]]:
    """The receivers of an address that names several, by key; labels show only the beginning of a name."""
    receivers = receivers_of(channel.address) if channel.address is not None else []
    return [{"receiver": each.key, "label": each.label} for each in receivers if each.key]


def channel_target(channel: ChannelSettings) -> str:
    """The service or host that a channel sends to; the rest of an address may hold secrets."""
    if channel.webhook is not None:
        return f"webhook to {urlsplit(channel.webhook).hostname}"
    return "-" if channel.address is None else channel.address.partition(":")[0]
