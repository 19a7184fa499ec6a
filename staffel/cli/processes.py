"""The processes of the scale-out host, one command each. Never does their work itself."""

import os
from typing import TYPE_CHECKING, Any

import typer

from staffel.cli.session import read_settings
from staffel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from staffel.application import Application
    from staffel.processes.process import Process
    from staffel.processes.role import Role
    from staffel.settings import Settings
    from streams.kafka.address import KafkaAddress

DEFAULT_PORTS = {"up": 8800, "web": 8800, "worker": 8801, "project": 8802, "relay": 8803, "alerts": 8804}


def port_option(name: str) -> Any:
    """Where the health of this process is served."""
    default_text = f"else {DEFAULT_PORTS[name]}, or a free one where that is taken"
    help_text = f"Of /healthz, /readyz, /metrics; 0 takes a free one; {default_text}."
    return typer.Option(None, metavar="PORT", min=0, max=65535, help=help_text)


def worker(port: int | None = port_option("worker")) -> None:
    """Score: fold what is recorded into the topic `scores`; workers share the partitions, as many as there are."""
    from staffel.processes.process import CONNECT_TIMEOUT_S, process, retry_until_ready
    from staffel.processes.worker import run_scoring
    from staffel.scaled_out import open_kafka_log

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


def project(port: int | None = port_option("project")) -> None:
    """Write the read models: score updates of Apache Kafka into PostgreSQL, one transaction per batch."""
    from staffel.processes.roles import projector_role

    run_role("project", port, projector_role)


def relay(port: int | None = port_option("relay")) -> None:
    """Publish what the outbox holds, move what was parked, keep the timers; a second one waits for the first."""
    from staffel.processes.roles import relay_role

    run_role("relay", port, relay_role)


def alerts(port: int | None = port_option("alerts")) -> None:
    """Tell sales of handoffs by the channels of STAFFEL_ALERTS; a second one waits for the first."""
    from staffel.processes.alerts import alerts_role

    run_role("alerts", port, alerts_role)


def web(port: int | None = port_option("web")) -> None:
    """Health and metrics only: pages and collector come with a later version."""
    from staffel.processes.roles import web_role

    run_role("web", port, web_role)


def run_role(name: str, port: int | None, make_role: "Callable[[Application, Process], Role]") -> None:
    """Connect, as soon as there is something to connect to, and work until SIGTERM."""
    from staffel.application import system_clock
    from staffel.processes.process import CONNECT_TIMEOUT_S, process, release_leases, retry_until_ready, run_steps
    from staffel.scaled_out import connect_scaled_out

    settings = read_settings()
    connect_arguments = settings, require_kafka(name, settings), system_clock, os.urandom, CONNECT_TIMEOUT_S
    with process(name, settings, port, DEFAULT_PORTS[name]) as running:
        application = retry_until_ready(lambda: connect_scaled_out(*connect_arguments), running)
        if application is None:
            return
        try:
            role = make_role(application, running)
            running.readiness.start(role.checks, running.stop)
            run_steps(role.steps, role.wait, running)
            release_leases(role.close, running)
        finally:
            application.close()


def require_kafka(name: str, settings: "Settings") -> "KafkaAddress":
    if settings.kafka is None:
        raise UsageError(
            f"staffel {name} is for the scale-out host, and STAFFEL_LOG is {settings.log}: "
            "there `staffel up` does all of it in one process; for Apache Kafka set STAFFEL_LOG=kafka://HOST:PORT"
        )
    return settings.kafka
