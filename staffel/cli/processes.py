"""The processes of the scaled-out host, one command each."""

import os
from collections.abc import Callable
from typing import Any

import typer

from staffel.application import Application, system_clock
from staffel.cli.groups import examples
from staffel.cli.session import read_settings
from staffel.errors import UsageError
from staffel.processes.process import CONNECT_TIMEOUT_S, Process, process, release_leases, retry_until_ready, run_steps
from staffel.processes.roles import Role, alerts_role, projector_role, relay_role, web_role
from staffel.processes.worker import run_scoring
from staffel.scaled_out import connect_scaled_out, open_kafka_log
from staffel.settings import Settings
from streams.kafka import KafkaAddress

DEFAULT_PORTS = {"up": 8800, "web": 8800, "worker": 8801, "project": 8802, "relay": 8803, "alerts": 8804}

commands = typer.Typer()


def port_option(name: str) -> Any:
    """`--port`: where this process serves its health."""
    default_text = f"else {DEFAULT_PORTS[name]}, or a free one if that is in use"
    help_text = f"Port of /healthz, /readyz and /metrics; 0 for any free one; {default_text}."
    return typer.Option(None, metavar="PORT", min=0, max=65535, help=help_text)


@commands.command("worker", epilog=examples("staffel worker --port 8801"))
def worker(port: int | None = port_option("worker")) -> None:
    """Score facts into the topic `scores`; several workers share the partitions."""
    settings = read_settings()
    address = require_kafka("worker", settings)
    with process("worker", settings, port, DEFAULT_PORTS["worker"]) as running:
        log = retry_until_ready(lambda: open_kafka_log(address, CONNECT_TIMEOUT_S), running)
        if log is None:
            return
        try:
            run_scoring(log, address, running)
        finally:
            log.close()


@commands.command("project", epilog=examples("staffel project --port 8802"))
def project(port: int | None = port_option("project")) -> None:
    """Write the read models: score updates from Apache Kafka into PostgreSQL."""
    run_role("project", port, projector_role)


@commands.command("relay", epilog=examples("staffel relay --port 8803"))
def relay(port: int | None = port_option("relay")) -> None:
    """Publish the outbox, move parked facts and run the timers; a second one stands by."""
    run_role("relay", port, relay_role)


def alerts(port: int | None = port_option("alerts")) -> None:
    """Send alerts about handoffs through the channels of STAFFEL_ALERTS; a second process stands by."""
    run_role("alerts", port, alerts_role)


@commands.command("web", epilog=examples("staffel web --port 8800"))
def web(port: int | None = port_option("web")) -> None:
    """Serve health and metrics only; pages and collector come with a later version."""
    run_role("web", port, web_role)


def run_role(name: str, port: int | None, make_role: Callable[[Application, Process], Role]) -> None:
    """Connect, with retries until log and database are available, and run the role until SIGTERM."""
    settings = read_settings()
    connect_arguments = settings, require_kafka(name, settings), system_clock, os.urandom, CONNECT_TIMEOUT_S
    with process(name, settings, port, DEFAULT_PORTS[name]) as running:
        application = retry_until_ready(lambda: connect_scaled_out(*connect_arguments, creates_tables=True), running)
        if application is None:
            return
        try:
            role = make_role(application, running)
            running.readiness.start(role.checks, running.stop)
            run_steps(role.steps, role.wait, running)
            release_leases(role.close, running)
        finally:
            application.close()


def require_kafka(name: str, settings: Settings) -> KafkaAddress:
    if settings.kafka is None:
        raise UsageError(
            f"staffel {name} is only for Apache Kafka, and STAFFEL_LOG is sql: here `staffel up` does it in one "
            "process; for Apache Kafka set STAFFEL_LOG=kafka://HOST:PORT"
        )
    return settings.kafka
