"""`staffel accounts` and `staffel account`."""

from functools import partial
from math import isfinite
from typing import Annotated, Any

import typer
from msgspec.structs import asdict

from audit import NO_LIMIT, account_report, accounts_as_of, ranked_accounts
from projections import Directory
from schemas import parse_time, suggestion
from staffel.cli.account_page import account_page, named_contacts
from staffel.cli.account_view import print_account, print_story
from staffel.cli.contacts import existing_account
from staffel.cli.groups import examples, show_group
from staffel.cli.output import print_json, print_line, print_table, progress_bar
from staffel.cli.session import (
    AsCsv,
    AsJson,
    At,
    WithNames,
    acting_user,
    connected_application,
    print_recorded,
    print_rows,
    requested_time,
    stored_account_id,
)
from staffel.cli.suppressions import By, Why, decision
from staffel.cli.viewer import Viewer, viewer_of
from staffel.errors import ProblemFound, UsageError
from staffel.ingestion import unidentified_text
from staffel.record_fact import record_fact

DEFAULT_ROWS = 50
MAX_POINTS = 1_000_000
ACCOUNT_COLUMNS = ("account", "name", "stage", "score", "fit.points", "fit.grade", "breadth", "as_of", "seq", "model")
"""Of CSV without rows."""
Json = dict[str, Any]

commands = typer.Typer()
group = show_group("Show, create and edit accounts.")


@commands.command(
    "accounts",
    epilog=examples("staffel accounts --stage sqa --limit 10", "staffel accounts --at 2026-03-31T22:00:00Z --json"),
)
def accounts(
    stage: Annotated[str | None, typer.Option(help="Only accounts in this stage (of the first track).")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Maximum number of accounts; {DEFAULT_ROWS} in a table, all in JSON and CSV."),
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List accounts with score, stage, fit and breadth, highest first."""
    max_rows = limit or (NO_LIMIT if as_json or as_csv else DEFAULT_ROWS)
    with connected_application() as application:
        as_of, is_historic = requested_time(application, at)
        if is_historic:
            with progress_bar("replaying") as advance:
                rows = accounts_as_of(application.log, as_of, stage=stage, limit=max_rows, progress=advance)
        else:
            rows = ranked_accounts(application.engine, application.plan, as_of, stage=stage, limit=max_rows)
        is_whole = stage is None and not is_historic
        unidentified = unidentified_text(application.engine, application.settings) if is_whole else None
        viewer = viewer_of(application, as_of)
    if print_rows(rows, as_json, as_csv, ACCOUNT_COLUMNS):
        return
    if rows:
        print_accounts(rows, viewer)
    else:
        print_line(empty_text(stage, at if is_historic else None))
    if len(rows) == max_rows:
        print_line(f"The {max_rows} highest; use --limit to see more.")
    if unidentified is not None:
        print_line(unidentified)


def empty_text(stage: str | None, at: str | None) -> str:
    """Why a list is empty."""
    if stage is not None:
        return f"No account is in stage {stage!r}; `staffel model show` lists the stages."
    if at is not None:
        return f"Nothing was recorded by {at}; facts count from the time they were recorded."
    return "No accounts yet: import some with `staffel ingest`, or try `staffel demo`."


def print_accounts(rows: list[Json], viewer: Viewer) -> None:
    """Score and stage of a track share a column, so that a row fits the page."""
    tracks = list(rows[0]["tracks"])
    digits = {track: max(len(f"{row['tracks'][track]['score']:.1f}") for row in rows) for track in tracks}
    cells = [account_cells(row, digits) for row in rows]
    columns = ["account", "name", "fit", "contacts", *tracks, "drops"]
    optional = [*reversed(tracks[1:]), "drops", "contacts", "name", "fit"]
    print_table("", columns, cells, numbers=["contacts"], truncated=["name"], optional=optional)
    print_line(f"\nAs of {viewer.head}.\ncontacts: engaged within the window; drops: when a stage is lost.")


def account_cells(row: Json, digits: dict[str, int]) -> list[Any]:
    tracks = row["tracks"]
    track_cells = [
        f"{tracks[name]['score']:{width}.1f} {tracks[name]['stage'] or ''}" for name, width in digits.items()
    ]
    falls = min(filter(None, (track["falls_at"] for track in tracks.values())), default=None)
    return [
        row["account"],
        row["name"],
        fit_text(row["fit"]),
        row["breadth"],
        *track_cells,
        falls and time_left(row, falls),
    ]


def fit_text(fit: Json) -> str:
    return str(fit["grade"]) if fit["grade"] == "unknown" else f"{fit['grade']} {fit['points']:g}"


def time_left(row: Json, instant: str) -> str:
    """Time from the account's clock: `in 18 d`, `in 5 h`."""
    hours = (parse_time(instant) - parse_time(row["as_of"])) // 3_600_000
    return f"in {hours // 24} d" if hours >= 48 else f"in {hours} h"


@group.command(
    "show", epilog=examples("staffel account acme.com --explain", "staffel account acme.com --at 2026-03-31T22:00:00Z")
)
def account(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account ID.")],
    explain: Annotated[bool, typer.Option("--explain", help="Show every ledger line; their sum is the score.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Replay the history and show every fact.")] = False,
    with_timeline: Annotated[
        bool, typer.Option("--timeline", help="Show what happened, and what followed from it, in the order of time.")
    ] = False,
    with_names: WithNames = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Show an account: score, what is next, whom to call, reasons and handoffs; --explain adds every ledger line."""
    with connected_application() as application:
        as_of, is_historic = requested_time(application, at)
        read = partial(
            account_report,
            application.engine,
            application.log,
            application.plan,
            at=as_of,
            historic=is_historic,
            lines=explain or not as_json,
            deep=deep,
            with_timeline=with_timeline,
        )
        directory = Directory(application.engine)
        report = read(stored_account_id(application, id)) or read(directory.account_of_name(id) or id)
        if report is None:
            raise ProblemFound(unknown_account_text(id, at if is_historic else None))
        report["aliases"] = [asdict(alias) for alias in directory.aliases_of(report["account"])]
        page = account_page(application, report)
    if as_json:
        print_json(named_contacts(page) if with_names else report)
    elif with_timeline:
        print_story(page)
    else:
        print_account(page, explain=explain, deep=deep)


def unknown_account_text(id: str, at: str | None) -> str:
    if id.startswith("anon:"):
        return f"{id} is an anonymous visitor, who is not scored before being identified"
    limit = f" by {at}" if at else ""
    return f"there is no account {id}{limit}; `staffel accounts{f' --at {at}' if at else ''}` lists them"


@group.command(
    "register",
    epilog=examples(
        "staffel account register acme.com --name 'Acme GmbH' --industry biotechnology --employees 800 --country DE"
    ),
)
def register(
    id: Annotated[str, typer.Argument(metavar="ID", help="The main domain, or any ID without spaces and slashes.")],
    name: Annotated[str | None, typer.Option(help="Company name.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A domain; repeatable.")] = None,
    industry: Annotated[str | None, typer.Option(help="Industry, as the model names it.")] = None,
    employees: Annotated[int | None, typer.Option(min=0, help="Number of employees.")] = None,
    country: Annotated[str | None, typer.Option(help="Country code of two letters, as in the model.")] = None,
    segment: Annotated[str | None, typer.Option(help="Segment, as the model's routes name it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Account owner in sales.")] = None,
    customer: Annotated[
        bool | None, typer.Option("--customer/--prospect", help="Whether the account is a customer already.")
    ] = None,
    target: Annotated[bool | None, typer.Option("--target/--no-target", help="Whether it is a target account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create or update an account."""
    fields = {
        "name": name, "domains": domain, "industry": industry, "employees": employees, "country": country,
        "segment": segment, "owner": owner, "customer": customer, "target": target,
    }  # fmt: skip
    content = {field: value for field, value in fields.items() if value is not None}
    with connected_application() as application:
        recorded = record_fact(application, "account.registered.v1", account=id, data=content)
    print_recorded(recorded, as_json)


@group.command(
    "adjust",
    epilog=examples(
        "staffel account adjust acme.com --track acquisition --points 20 --by anna --reason 'met the CEO at a fair'"
    ),
)
def adjust(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account ID.")],
    track: Annotated[str, typer.Option(metavar="TRACK", help="Track of the model.")],
    points: Annotated[float, typer.Option(metavar="NUMBER", help="Points to give, or below 0 to take.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Reason, in a few words.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHO", help="Whose word it is: a short name; default: STAFFEL_USER.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Adjust a score by hand. It is shown as what it is: one person's word, with its author and reason."""
    with connected_application() as application:
        author = acting_user(application.settings, "--by", by)
        data = {"track": track, "points": points, "author": author, "reason": reason.strip()}
        check_adjustment(data, list(application.plan.model.tracks))
        application.wait_until_visible()
        recorded = record_fact(application, "score.adjusted.v1", account=existing_account(application, id), data=data)
    print_recorded(recorded, as_json)
    if not as_json:
        print_line(f"{points:+g} points in {track}, on the word of {author}.")


def check_adjustment(data: Json, tracks: list[str]) -> None:
    """Raises `UsageError` with the option that is wrong."""
    track, points = data["track"], data["points"]
    if track not in tracks:
        advice = suggestion(track, tracks) or f"; the tracks are {', '.join(tracks)}"
        raise UsageError(f"--track {track}: the model has no such track{advice}")
    if not isfinite(points) or points == 0 or abs(points) > MAX_POINTS:
        raise UsageError(f"--points {points:g}: write a number other than 0, at most {MAX_POINTS:,} either way")
    if not data["reason"]:
        raise UsageError("--reason: say why, in a few words")


@group.command("claim", epilog=examples("staffel account claim acme.com acme.de"))
def claim(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account ID.")],
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain such as `acme.com`.")],
    as_json: AsJson = False,
) -> None:
    """Assign a domain to an account."""
    with connected_application() as application:
        recorded = record_fact(application, "account.domain_claimed.v1", account=id, data={"domain": domain})
    print_recorded(recorded, as_json)


@group.command("suppress", epilog=examples("staffel account suppress acme.com --by anna --reason 'asked by their CEO'"))
def suppress(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account ID.")],
    by: By = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Suppress an account: no campaign addresses it, and no handoff opens."""
    record_about_account("account.suppressed.v1", id, by, reason, as_json)


@group.command("release", epilog=examples("staffel account release acme.com --by anna"))
def release(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account ID.")],
    by: By = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Release a suppressed account; contacts who asked themselves stay suppressed."""
    record_about_account("account.released.v1", id, by, reason, as_json)


def record_about_account(type: str, id: str, by: str | None, reason: str | None, as_json: bool) -> None:
    with connected_application() as application:
        data = decision(application, by, reason)
        application.wait_until_visible()
        recorded = record_fact(application, type, account=existing_account(application, id), data=data)
    print_recorded(recorded, as_json)
