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
from staffel.application import Staffel
from staffel.errors import Usage
from staffel.processes.checks import behind, ends, log_measure, told
from staffel.processes.readiness import Found, Measure
from staffel.settings import Settings, read_text
from staffel.wording import counted
from streams.log import Log

if TYPE_CHECKING:
    from staffel.processes.metrics import Metrics
    from staffel.processes.process import Process
    from staffel.processes.role import Role

_HOUR_MS = 3_600_000
EXAMPLE = """channels:
  - name: sales-chat
    url_env: SALES_CHAT"""


def alert_settings(settings: Settings) -> AlertSettings:
    """What STAFFEL_ALERTS names. Raises `Usage` where it names no file that can be read, `ModelError` from inside."""
    if settings.alerts is None:
        raise Usage(f"STAFFEL_ALERTS names no file; write one that says who is told, for instance\n{EXAMPLE}")
    return settings_in(settings.alerts)


def settings_in(file: Path) -> AlertSettings:
    return read_alerts(read_text(file), str(file), os.environ)


def alerts_of(staffel: Staffel, log_lines: Any, holder: str = EMBEDDED_HOLDER) -> Alerts:
    """A step. `holder` is unlike that of any other process, but for the one that hosts alone under its own lock."""
    settings = alert_settings(staffel.settings)
    return Alerts(
        staffel.engine,
        staffel.log,
        settings,
        channels_of(settings, staffel.clock),
        staffel.clock,
        max_age_ms=round(staffel.settings.alerts_fresh * _HOUR_MS),
        log_lines=log_lines,
        holder=holder,
    )


@contextmanager
def hosted_alerts(staffel: Staffel, log_lines: Any) -> Iterator[list[Alerts]]:
    """The step of a process that hosts alone, where STAFFEL_ALERTS names channels; its threads end with the block."""
    steps = [] if staffel.settings.alerts is None else [alerts_of(staffel, log_lines)]
    try:
        yield steps
    finally:
        for step in steps:
            step.close()


def alerting(staffel: Staffel, process: "Process") -> "Role":
    """A process that tells; a second one waits for the first."""
    from staffel.processes.role import Role

    alerts = alerts_of(staffel, process.log, new_holder_id())
    measures = [log_measure(staffel.log), alerts_measure(staffel.engine, staffel.log, process.settings.ready_lag)]
    return Role([alerts], alerts.wait, measures, alerts.close)


def alerts_measure(engine: Database, log: Log, most: int) -> Measure:
    """Events that the alerts have yet to read; alerts that wait for their channels are no fault of the process."""
    rows = AlertOutbox(engine)

    def look(metrics: "Metrics") -> Found:
        waiting = rows.counts_by_status()[WAITING]
        metrics.alerts_pending.set(waiting)
        positions = rows.positions(log.generation(SQA_HANDOFFS), log.partitions(SQA_HANDOFFS))
        lag = told(metrics, "alerted", behind(ends(log, SQA_HANDOFFS), positions))
        return Found(lag <= most, f"{counted(lag, 'event')} to be read, {counted(waiting, 'alert')} to be told")

    return Measure("alerts", look)


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


def shown_way(channel: ChannelSettings) -> str:
    """By which service or host a channel tells; addresses may hold secrets."""
    if channel.webhook is not None:
        return f"webhook to {urlsplit(channel.webhook).hostname}"
    address = channel.url or channel.url_env
    return "-" if address is None else address.get_secret_value().partition(":")[0]
