"""Commands that run or tend the system: hosting, health, rebuilding, the demo. Never scores anything itself."""

import signal
from threading import Event
from typing import Annotated, Any

import typer

from staffel.printing import print_json, print_table, progress, say
from staffel.session import AsJson, Usage, connected

Json = dict[str, Any]


def up(
    port: Annotated[int, typer.Option(help="For pages and collector; they are not there yet.")] = 8800,
) -> None:
    """Host the system until stopped: scores, projects, relays, keeps the timers; takes what other commands record."""
    from staffel.logs import configure, events

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with connected() as staffel:
        configure(staffel.settings.logs)
        log = events()
        where = {"database": staffel.engine.url.render_as_string(), "model": staffel.plan.version}
        if staffel.lock.try_acquire():
            log.info("host_started", **where)
        else:
            log.info("host_waiting", holder=staffel.lock.holder(), **where)
        staffel.serving_host().run(stop)
        log.info("host_stopped")


def doctor(as_json: AsJson = False) -> None:
    """What is wrong, if anything, and what to do; exit code 1 where something is."""
    from staffel.doctor import findings

    with connected() as staffel:
        rows = findings(staffel)
    if as_json:
        print_json(rows)
    else:
        cells = [("ok" if row["ok"] else "PROBLEM", row["check"], row["found"], row["advice"]) for row in rows]
        print_table("", ["", "check", "found", "what to do"], cells, wraps=["what to do"])
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


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
    from staffel.demo import play

    play(as_json)
