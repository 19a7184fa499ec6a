"""The processes of the scale-out host, one command each. Never does their work itself."""

import os
from typing import TYPE_CHECKING, Any

import typer

from staffel.cli.session import read_settings
from staffel.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from staffel.application import Staffel
    from staffel.processes.process import Process
    from staffel.processes.role import Role
    from staffel.settings import Settings
    from streams.kafka.address import KafkaAddress

PORTS = {"up": 8800, "web": 8800, "worker": 8801, "project": 8802, "relay": 8803, "alerts": 8804}


def port_option(name: str) -> Any:
    """Where the health of this process is served."""
    usual = f"else {PORTS[name]}, or a free one where that is taken"
    told = f"Of /healthz, /readyz, /metrics; 0 takes a free one; {usual}."
    return typer.Option(None, metavar="PORT", min=0, max=65535, help=told)


def worker(port: int | None = port_option("worker")) -> None:
    """Score: fold what is recorded into the topic `scores`; workers share the partitions, as many as there are."""
    from staffel.processes.process import PATIENCE_S, awaited, process
    from staffel.processes.worker import work
    from staffel.scaled_out import open_kafka

    settings = read_settings()
    address = require_kafka("worker", settings)
    with process("worker", settings, port, PORTS["worker"]) as running:
        log = awaited(lambda: open_kafka(address, PATIENCE_S), running)
        if log is None:
            return
        try:
            work(log, address, running)
        finally:
            log.close()


def project(port: int | None = port_option("project")) -> None:
    """Write the read models: score updates of Apache Kafka into PostgreSQL, one transaction per batch."""
    from staffel.processes.roles import projecting

    run("project", port, projecting)


def relay(port: int | None = port_option("relay")) -> None:
    """Publish what the outbox holds, move what was parked, keep the timers; a second one waits for the first."""
    from staffel.processes.roles import relaying

    run("relay", port, relaying)


def alerts(port: int | None = port_option("alerts")) -> None:
    """Tell sales of handoffs by the channels of STAFFEL_ALERTS; a second one waits for the first."""
    from staffel.processes.alerts import alerting

    run("alerts", port, alerting)


def web(port: int | None = port_option("web")) -> None:
    """Health and metrics only: pages and collector come with a later version."""
    from staffel.processes.roles import showing

    run("web", port, showing)


def run(name: str, port: int | None, role_of: "Callable[[Staffel, Process], Role]") -> None:
    """Connect, as soon as there is something to connect to, and work until SIGTERM."""
    from staffel.application import system_clock
    from staffel.processes.process import PATIENCE_S, awaited, given_back, process, work
    from staffel.scaled_out import connect_scaled_out

    settings = read_settings()
    whole = settings, require_kafka(name, settings), system_clock, os.urandom, PATIENCE_S
    with process(name, settings, port, PORTS[name]) as running:
        staffel = awaited(lambda: connect_scaled_out(*whole), running)
        if staffel is None:
            return
        try:
            role = role_of(staffel, running)
            running.watch.begin(role.measures, running.stop)
            work(role.steps, role.wait, running)
            given_back(role.close, running)
        finally:
            staffel.close()


def require_kafka(name: str, settings: "Settings") -> "KafkaAddress":
    if settings.kafka is None:
        raise Usage(
            f"staffel {name} is for the scale-out host, and STAFFEL_LOG is {settings.log}: "
            "there `staffel up` does all of it in one process; for Apache Kafka set STAFFEL_LOG=kafka://HOST:PORT"
        )
    return settings.kafka
