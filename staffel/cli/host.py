"""`staffel up`, `staffel doctor` and `staffel rebuild`."""

from collections.abc import Sequence
from threading import Event
from time import monotonic
from typing import Annotated, Any

import typer

from audit import recomputed_updates
from database import HostLock, shown_address
from projections import rebuild as build
from staffel.application import system_clock
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line, print_table, progress_bar
from staffel.cli.processes import DEFAULT_PORTS, port_option
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows, read_settings
from staffel.doctor.embedded import findings
from staffel.doctor.scaled_out import findings as scaled_out
from staffel.doctor.vault import vault_warnings
from staffel.embedded import Embedded
from staffel.errors import UsageError
from staffel.processes.alerts import closing_alerts
from staffel.processes.heartbeat import instrumented
from staffel.processes.process import Process, open_health_server, show_stoppage, start_process
from staffel.processes.roles import readiness_checks
from staffel.settings import Settings
from staffel.topology import UP
from streams import Host, HostLockHeld, Step

Json = dict[str, Any]

commands = typer.Typer()


@commands.command("up", epilog=examples("staffel up"))
def up(
    port: int | None = port_option("up"),
) -> None:
    """Run everything in one process: scoring, projection, relay, timers and alerts."""
    with connected_application() as application:
        if not isinstance(application, Embedded):
            raise UsageError(_KAFKA_ADVICE)
        running = start_process("up", application.settings)
        for warning in vault_warnings(application.settings, application.engine):
            running.log.warning("vault_exposed", why=warning)
        if application.model_warning:
            running.log.warning("other_model", why=application.model_warning)
        with closing_alerts(application.serving_steps()) as steps:
            run_host(application, running, steps, port)
        running.log.info("host_stopped")


def run_host(application: Embedded, running: Process, steps: Sequence[Step], port: int | None) -> None:
    """Take the host lock, and run the steps until the process is asked to stop."""
    context = {"database": shown_address(application.engine), "model": application.plan.version}
    if not application.lock.try_acquire():
        running.log.info("host_waiting", holder=application.lock.holder(), **context)
        wait_for_lock(application.lock, running.stop)
    running.log.info("host_started", pages=open_health_server(running, port, DEFAULT_PORTS["up"]), **context)
    running.readiness.start(readiness_checks(UP, application), running.stop)
    try:
        Host(instrumented(steps, running.heartbeat), application.log, application.lock).run(running.stop)
    except Exception as error:
        show_stoppage(running, error)
        raise


_KAFKA_ADVICE = (
    "staffel up is only for a log in the database; with STAFFEL_LOG on Apache Kafka start the processes "
    "`staffel worker`, `staffel project`, `staffel relay` and `staffel alerts`, or `docker compose up`"
)
_LOCK_TIMEOUT_S, _POLL_INTERVAL_S = 5.0, 0.02


def wait_for_lock(lock: HostLock, stop: Event) -> None:
    """Retry for some seconds, as a command holds the lock only briefly. Raises `HostLockHeld` if a host holds it."""
    deadline = monotonic() + _LOCK_TIMEOUT_S
    while not lock.try_acquire():
        if monotonic() >= deadline or stop.wait(_POLL_INTERVAL_S):
            raise HostLockHeld(f"Already running ({lock.holder() or 'another process'}). Stop it first.")


@commands.command("doctor", epilog=examples("staffel doctor"))
def doctor(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Check settings, log and database, and say what to do; exit code 1 if there is a problem."""
    rows = doctor_findings(read_settings())
    if not print_rows(rows, as_json, as_csv):
        cells = [("ok" if row["ok"] else "PROBLEM", row["check"], row["found"], row["advice"]) for row in rows]
        print_table("", ["", "check", "found", "what to do"], cells, wrapped=["found", "what to do"])
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def doctor_findings(settings: Settings) -> list[Json]:
    if settings.kafka is not None:
        return scaled_out(settings, settings.kafka, system_clock)
    with connected_application() as application:
        return findings(application)


@commands.command("rebuild", epilog=examples("staffel rebuild main"))
def rebuild(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Only `main` exists.")] = "main",
    as_json: AsJson = False,
) -> None:
    """Rebuild read models and ledger from the log, beside the old ones, and switch over."""
    if name != "main":
        raise UsageError(f"{name}: only `main` exists")
    with connected_application() as application, progress_bar("rebuilding"):
        application.wait_until_visible()
        version = build(
            application.engine, application.log, lambda partition: recomputed_updates(application.log, partition), name
        )
    print_json({"name": name, "version": version}) if as_json else print_line(f"{name} is now at version {version}.")
