"""The alerts as settings and environment ask for them, for whichever process runs them. Never tells anybody itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alerts.channels import channels_of
from alerts.outbox import WAITING, AlertOutbox
from alerts.reactor import Alerts
from alerts.settings import AlertSettings, ChannelSettings, read_alerts
from database.engine import Database
from database.leases import EMBEDDED_HOLDER, new_holder_id
from schemas.times import format_time
from schemas.topics import SQA_HANDOFFS
from staffel.application import Application
from staffel.errors import UsageError
from staffel.processes.checks import end_offsets, lag_per_partition, log_check, set_lag
from staffel.processes.readiness import CheckResult, ReadinessCheck
from staffel.settings import Settings, read_text
from staffel.wording import quantity
from streams.log import Log

if TYPE_CHECKING:
    from staffel.processes.metrics import Metrics
    from staffel.processes.process import Process
    from staffel.processes.role import Role

_HOUR_MS = 3_600_000
EXAMPLE_FILE = """channels:
  - name: sales-chat
    url_env: SALES_CHAT"""


def alert_settings(settings: Settings) -> AlertSettings:
    """What STAFFEL_ALERTS names. Raises `Usage` where it names no file that can be read, `ModelError` from inside."""
    if settings.alerts is None:
        raise UsageError(f"STAFFEL_ALERTS names no file; write one that says who is told, for instance\n{EXAMPLE_FILE}")
    return alert_settings_from(settings.alerts)


def alert_settings_from(file: Path) -> AlertSettings:
    return read_alerts(read_text(file), str(file), os.environ)


def alerts_step(application: Application, log_lines: Any, holder: str = EMBEDDED_HOLDER) -> Alerts:
    """A step. `holder` is unlike that of any other process, but for the one that hosts alone under its own lock."""
    settings = alert_settings(application.settings)
    return Alerts(
        application.engine,
        application.log,
        settings,
        channels_of(settings, application.clock),
        application.clock,
        max_age_ms=round(application.settings.alerts_fresh * _HOUR_MS),
        log_lines=log_lines,
        holder=holder,
    )


@contextmanager
def hosted_alerts(application: Application, log_lines: Any) -> Iterator[list[Alerts]]:
    """The step of a process that hosts alone, where STAFFEL_ALERTS names channels; its threads end with the block."""
    steps = [] if application.settings.alerts is None else [alerts_step(application, log_lines)]
    try:
        yield steps
    finally:
        for step in steps:
            step.close()


def alerts_role(application: Application, process: "Process") -> "Role":
    """A process that tells; a second one waits for the first."""
    from staffel.processes.role import Role

    alerts = alerts_step(application, process.log, new_holder_id())
    checks = [log_check(application.log), alerts_check(application.engine, application.log, process.settings.ready_lag)]
    return Role([alerts], alerts.wait, checks, alerts.close)


def alerts_check(engine: Database, log: Log, max_lag: int) -> ReadinessCheck:
    """Events that the alerts have yet to read; alerts that wait for their channels are no fault of the process."""
    rows = AlertOutbox(engine)

    def run(metrics: "Metrics") -> CheckResult:
        waiting = rows.counts_by_status()[WAITING]
        metrics.alerts_pending.set(waiting)
        positions = rows.positions(log.generation(SQA_HANDOFFS), log.partitions(SQA_HANDOFFS))
        lag = set_lag(metrics, "alerted", lag_per_partition(end_offsets(log, SQA_HANDOFFS), positions))
        return CheckResult(
            lag <= max_lag, f"{quantity(lag, 'event')} to be read, {quantity(waiting, 'alert')} to be told"
        )

    return ReadinessCheck("alerts", run)


def alert_json(row: Any) -> dict[str, Any]:
    """An alert and how it went; what was told is left out."""
    return {
        "alert": row.id,
        "channel": row.channel,
        "kind": row.kind,
        "account": row.account,
        "at": format_time(row.at),
        "status": row.status,
        "why": row.why,
        "attempts": row.attempts,
        "next_try_at": format_time(row.next_try_at) if row.status == WAITING else None,
        "told_at": None if row.told_at is None else format_time(row.told_at),
    }


def channel_target(channel: ChannelSettings) -> str:
    """By which service or host a channel tells; addresses may hold secrets."""
    if channel.webhook is not None:
        return f"webhook to {urlsplit(channel.webhook).hostname}"
    address = channel.url or channel.url_env
    return "-" if address is None else address.get_secret_value().partition(":")[0]
