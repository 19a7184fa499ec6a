"""`staffel audit`: what history says. Never writes to the log."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from audit.parallel_replay import Order, replay_told
from audit.replay import Progress
from schemas.topics import ENGAGEMENT
from scoring.plan.plan import Plan
from staffel.application import Staffel
from staffel.cli.output import print_json, print_table, progress, say
from staffel.cli.session import AsJson, connected, read_time
from staffel.errors import Usage
from staffel.settings import read_text

Since = Annotated[str | None, typer.Option(metavar="TIME", help="Only facts recorded from then on.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only facts recorded up to then.")]
ModelFile = Annotated[str | None, typer.Option("--model", metavar="FILE|VERSION", help="Under this model.")]
Processes = Annotated[int | None, typer.Option(min=1, help="At most one per partition; else one per core.")]
Json = dict[str, Any]
SHOWN = 20

app = typer.Typer(no_args_is_help=True, help="Replay history, and prove that what is recorded is what it computes.")


@app.command("replay")
def replay_command(
    model: ModelFile = None,
    since: Since = None,
    until: Until = None,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Fold the log again, under the active or another model; leaves no trace."""

    with connected() as staffel, progress("replaying") as advance:
        plan = plan_of(staffel, model)
        told = replayed_json(staffel, plan, time_of("--since", since), time_of("--until", until), advance, processes)
    if as_json:
        print_json(told)
        return
    rows = [(row["account"], row["seq"], *standing_of(row), row["digest"]) for row in told["accounts"][:SHOWN]]
    tracks = list(told["accounts"][0]["tracks"]) if told["accounts"] else []
    print_table("", ["account", "facts", *tracks, "digest"], rows, numbers=["facts"])
    say(f"{len(told['accounts'])} accounts, {len(told['handoffs'])} handoffs; --json lists all.")


def standing_of(row: Json) -> list[str]:
    return [f"{track['score']:.1f} {track['stage'] or '-'}" for track in row["tracks"].values()]


@app.command("verify")
def verify_command(as_json: AsJson = False) -> None:
    """Recompute everything and compare it with what is recorded; exit code 1 where something differs."""
    from audit.verify import verify

    with connected() as staffel:
        staffel.settle()
        with progress("verifying") as advance:
            verified = verify(staffel.log, staffel.engine, progress=advance)
    mismatches = [vars(mismatch) for mismatch in verified.mismatches]
    if as_json:
        print_json({"accounts": verified.accounts, "facts": verified.facts, "mismatches": mismatches})
    else:
        print_mismatches(mismatches)
        say(f"{verified.accounts} accounts, {verified.facts} facts, {len(mismatches)} mismatches")
    if mismatches:
        raise typer.Exit(1)


def print_mismatches(mismatches: list[Json]) -> None:
    columns = ["account", "fact", "field", "recorded", "computed"]
    rows = [(m["account"], m["fact"], m["field"], str(m["recorded"]), str(m["computed"])) for m in mismatches[:SHOWN]]
    if rows:
        print_table("Mismatches", columns, rows, wraps=["recorded", "computed"])


def plan_of(staffel: Any, model: str | None) -> Any:
    """The model of a file or of a version that was active; None for the ones the log names."""
    from scoring.model.loading import load_model, version_of
    from scoring.plan.compiler import compile_model

    if model is None or model == staffel.plan.version:
        return None
    if not Path(model).exists():
        raise Usage(f"--model {model}: neither a file nor the active version {staffel.plan.version}")
    loaded = load_model(read_text(Path(model)), model)
    return compile_model(loaded, version_of(loaded, 0))


def time_of(option: str, text: str | None) -> int | None:
    return None if text is None else read_time(option, text)


WORTH_WHILE = 200_000
"""Facts below which one process is done before another has started."""


def replayed_json(
    staffel: Staffel,
    plan: Plan | None,
    since: int | None,
    until: int | None,
    progress: Progress,
    processes: int | None = None,
) -> Json:
    """Accounts with digest and tracks valued at the end of the replay, and the handoffs that it opened.

    `processes`: None for one per core where the log is long enough.
    """
    order = Order(
        staffel.settings.kafka or staffel.settings.database_url,
        staffel.log.partitions(ENGAGEMENT),
        plan.model if plan else None,
        plan.version if plan else "",
        since,
        until,
    )
    return replay_told(order, processes or processes_for(staffel), progress)


def processes_for(staffel: Staffel) -> int:
    partitions = range(staffel.log.partitions(ENGAGEMENT))
    facts = sum(staffel.log.end(ENGAGEMENT, partition) for partition in partitions)
    return 1 if facts < WORTH_WHILE else min(len(partitions), os.cpu_count() or 1)
