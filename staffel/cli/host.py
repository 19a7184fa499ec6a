"""Commands that run or tend the system: hosting, health, rebuilding, the demo. Never scores anything itself."""

from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from staffel.cli.output import print_json, print_table, progress, say
from staffel.cli.processes import PORTS, port_option
from staffel.cli.session import AsJson, connected, read_settings
from staffel.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from database.host_lock import HostLock
    from staffel.embedded import Embedded
    from staffel.processes.process import Process
    from staffel.settings import Settings
    from streams.host import Step

Json = dict[str, Any]


def up(
    port: int | None = port_option("up"),
) -> None:
    """Host the system until stopped: scores, projects, relays, keeps the timers; takes what other commands record."""
    from staffel.embedded import Embedded
    from staffel.processes.alerts import hosted_alerts
    from staffel.processes.process import begin

    with connected() as staffel:
        if not isinstance(staffel, Embedded):
            raise Usage(_APART)
        running = begin("up", staffel.settings)
        with hosted_alerts(staffel, running.log) as alerts:
            host(staffel, running, alerts, port)
        running.log.info("host_stopped")


def host(staffel: "Embedded", running: "Process", alerts: "Sequence[Step]", port: int | None) -> None:
    """Wait for the lock, and work until the process is asked to end."""
    from staffel.processes.heartbeat import watched
    from staffel.processes.process import open_pages
    from staffel.processes.roles import hosting_measures
    from streams.host import Host

    where = {"database": staffel.engine.url.render_as_string(), "model": staffel.plan.version}
    if not staffel.lock.try_acquire():
        running.log.info("host_waiting", holder=staffel.lock.holder(), **where)
        await_lock(staffel.lock, running.stop)
    running.log.info("host_started", pages=open_pages(running, port, PORTS["up"]), **where)
    running.watch.begin(hosting_measures(staffel), running.stop)
    Host(watched([*staffel.serving_steps(), *alerts], running.pulse), staffel.log, staffel.lock).run(running.stop)


_APART = (
    "staffel up is for a log in the database; with STAFFEL_LOG on Apache Kafka start the processes "
    "`staffel worker`, `staffel project`, `staffel relay` and `staffel alerts`, or `docker compose up`"
)
_PATIENCE_S, _POLL_S = 5.0, 0.02


def await_lock(lock: "HostLock", stop: Event) -> None:
    """A command holds the lock for moments only, another host keeps it: then `HeldElsewhere` is raised."""
    from streams.host import HostLockHeld

    deadline = monotonic() + _PATIENCE_S
    while not lock.try_acquire():
        if monotonic() >= deadline or stop.wait(_POLL_S):
            raise HostLockHeld(f"{lock.holder() or 'another process'} hosts this database already; end it first")


def doctor(as_json: AsJson = False) -> None:
    """What is wrong, if anything, and what to do; exit code 1 where something is."""
    rows = examined(read_settings())
    if as_json:
        print_json(rows)
    else:
        cells = [("ok" if row["ok"] else "PROBLEM", row["check"], row["found"], row["advice"]) for row in rows]
        print_table("", ["", "check", "found", "what to do"], cells, wraps=["found", "what to do"])
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def examined(settings: "Settings") -> list[Json]:
    from staffel.application import system_clock

    if settings.kafka is not None:
        from staffel.doctor.scaled_out import findings as scaled_out

        return scaled_out(settings, settings.kafka, system_clock)
    from staffel.doctor.embedded import findings

    with connected() as staffel:
        return findings(staffel)


def rebuild(
    name: Annotated[str, typer.Argument(metavar="NAME", help="`main` are all there are.")] = "main",
    as_json: AsJson = False,
) -> None:
    """Build read models and ledger anew from the log, beside the old ones, and switch."""
    from audit.replay import scored_updates
    from projections.rebuild import rebuild as build

    if name != "main":
        raise Usage(f"{name}: the read models are `main`")
    with connected() as staffel, progress("rebuilding"):
        staffel.settle()
        version = build(staffel.engine, staffel.log, lambda partition: scored_updates(staffel.log, partition), name)
    print_json({"name": name, "version": version}) if as_json else say(f"{name} is version {version} now.")


def demo(as_json: AsJson = False) -> None:
    """The medtech example from its files to handoffs that explain themselves; keeps to a home of its own."""
    from staffel.cli.demo import play

    play(as_json)
