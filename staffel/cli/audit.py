"""`staffel audit`: replay and verify, both read-only."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from audit import Progress, ReplayJob, VerifyResult, replay_in_parallel, verify
from schemas import ENGAGEMENT
from scoring.model import load_model, version_of
from scoring.plan import Plan, compile_model
from staffel.application import Application
from staffel.cli.groups import examples
from staffel.cli.output import print_csv, print_json, print_line, print_table, progress_bar
from staffel.cli.session import AsCsv, AsJson, connected_application, parse_time_option
from staffel.errors import UsageError
from staffel.settings import read_text
from staffel.wording import quantity

Since = Annotated[str | None, typer.Option(metavar="TIME", help="Only facts recorded at or after this time.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only facts recorded up to this time.")]
ModelFile = Annotated[
    str | None, typer.Option("--model", metavar="FILE|VERSION", help="Model to replay with; else the active one.")
]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Number of processes, at most one per partition; else one per core.")
]
Json = dict[str, Any]
MAX_ROWS_SHOWN = 20

group = typer.Typer(no_args_is_help=True, help="Recompute scores from the log, and compare them with what is stored.")


@group.command("replay", epilog=examples("staffel audit replay --model next.yaml --json"))
def replay_command(
    model: ModelFile = None,
    since: Since = None,
    until: Until = None,
    processes: Processes = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Recompute all scores from the log (read-only), with the active or another model."""

    with connected_application() as application, progress_bar("replaying") as advance:
        plan = plan_of(application, model)
        result = replay_json(
            application, plan, optional_time("--since", since), optional_time("--until", until), advance, processes
        )
    if as_json:
        print_json(result)
        return
    if as_csv:
        print_csv(result["accounts"], ("account", "seq", "digest"))
        return
    rows = [
        (row["account"], row["seq"], *track_cells(row), row["digest"]) for row in result["accounts"][:MAX_ROWS_SHOWN]
    ]
    tracks = list(result["accounts"][0]["tracks"]) if result["accounts"] else []
    columns, optional = ["account", "facts", *tracks, "digest"], [*reversed(tracks[1:]), "facts"]
    print_table("", columns, rows, numbers=["facts"], optional=optional)
    print_line(
        f"{quantity(len(result['accounts']), 'account')}, {quantity(len(result['handoffs']), 'handoff')}; "
        "--json lists all."
    )


def track_cells(row: Json) -> list[str]:
    return [f"{track['score']:.1f} {track['stage'] or '-'}" for track in row["tracks"].values()]


@group.command("verify", epilog=examples("staffel audit verify"))
def verify_command(as_json: AsJson = False) -> None:
    """Recompute everything and compare it with what is stored; exit code 1 if something differs."""
    with connected_application() as application:
        application.wait_until_visible()
        with progress_bar("verifying") as advance:
            result = verify(application.log, application.engine, progress=advance)
    mismatches = [vars(mismatch) for mismatch in result.mismatches]
    if as_json:
        print_json({"accounts": result.accounts, "facts": result.facts, "mismatches": mismatches})
    else:
        print_mismatches(mismatches)
        print_line(verify_summary(result))
    if mismatches:
        raise typer.Exit(1)


def verify_summary(result: VerifyResult) -> str:
    counts = (result.accounts, "account"), (result.facts, "fact"), (len(result.mismatches), "mismatch")
    return ", ".join(quantity(number, noun) for number, noun in counts)


def print_mismatches(mismatches: list[Json]) -> None:
    columns = ["account", "fact", "field", "recorded", "computed"]
    rows = [
        (m["account"], m["fact"], m["field"], compared_text(m["recorded"]), compared_text(m["computed"]))
        for m in mismatches[:MAX_ROWS_SHOWN]
    ]
    if rows:
        print_table("Mismatches", columns, rows, wrapped=["recorded", "computed"])


def compared_text(value: Any) -> str:
    return "(missing)" if value is None else str(value)


def plan_of(application: Application, model: str | None) -> Any:
    """The model of a file; None for the models in the log."""
    if model is None:
        return None
    active = application.plan.version
    if model == active:
        return None
    if not Path(model).exists():
        raise UsageError(f"--model {model}: neither a file nor the active version {active}")
    loaded = load_model(read_text(Path(model)), model)
    return compile_model(loaded, version_of(loaded, 0))


def optional_time(option: str, text: str | None) -> int | None:
    return None if text is None else parse_time_option(option, text)


PARALLEL_THRESHOLD = 200_000
"""Number of facts below which starting more processes does not pay."""


def replay_json(
    application: Application,
    plan: Plan | None,
    since: int | None,
    until: int | None,
    progress: Progress,
    processes: int | None = None,
) -> Json:
    """Accounts with digest and tracks, valued at the end of the replay, and the handoffs it opened.

    `processes`: None for one per core, if the log is long enough.
    """
    job = ReplayJob(
        application.settings.kafka or application.settings.database_url,
        application.log.partitions(ENGAGEMENT),
        plan.model if plan else None,
        plan.version if plan else "",
        since,
        until,
    )
    return replay_in_parallel(job, processes or process_count(application), progress)


def process_count(application: Application) -> int:
    partitions = range(application.log.partitions(ENGAGEMENT))
    facts = sum(application.log.end(ENGAGEMENT, partition) for partition in partitions)
    return 1 if facts < PARALLEL_THRESHOLD else min(len(partitions), os.cpu_count() or 1)
