"""Commands about accounts and contacts. Never computes a score."""

from typing import Annotated, Any

import typer

from audit.account_report import account_report
from audit.accounts_as_of import NO_LIMIT, accounts_as_of, ranked_accounts
from intake.account_ids import account_id
from schemas.times import parse_time
from staffel.application import Application
from staffel.cli.account_view import print_account
from staffel.cli.groups import examples, show_group
from staffel.cli.output import format_minute, print_json, print_line, print_table, progress_bar
from staffel.cli.session import AsJson, At, connected_application, print_recorded, requested_time
from staffel.errors import ProblemFound
from staffel.record_fact import record_fact

DEFAULT_ROWS = 50
Json = dict[str, Any]

commands = typer.Typer()
group = show_group("Show, create and edit accounts.")


@commands.command(
    "accounts",
    epilog=examples("staffel accounts --stage sqa --limit 10", "staffel accounts --at 2026-03-31T22:00:00Z --json"),
)
def accounts(
    stage: Annotated[str | None, typer.Option(help="Only accounts in this stage of the first track.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"At most so many; {DEFAULT_ROWS} in a table, all in JSON.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """List accounts with score, stage, fit and breadth, highest first."""
    max_rows = limit or (NO_LIMIT if as_json else DEFAULT_ROWS)
    with connected_application() as application:
        as_of, is_historic = requested_time(application, at)
        if is_historic:
            with progress_bar("folding what had been recorded") as advance:
                rows = accounts_as_of(application.log, as_of, stage=stage, limit=max_rows, progress=advance)
        else:
            rows = ranked_accounts(application.engine, application.plan, as_of, stage=stage, limit=max_rows)
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_line(empty_text(stage, at if is_historic else None))
        return
    print_accounts(rows)
    if len(rows) == max_rows:
        print_line(f"The {max_rows} highest; --limit shows more.")


def empty_text(stage: str | None, at: str | None) -> str:
    """Why a list is empty."""
    if stage is not None:
        return f"No account is in the stage {stage!r}; `staffel model show` names the stages."
    if at is not None:
        return f"Nothing had been recorded by {at}; facts count from the time they were recorded."
    return "No accounts yet: `staffel ingest` brings some, `staffel demo` shows some."


def print_accounts(rows: list[Json]) -> None:
    """Score and stage of a track stand in one column, so that a line fits on a page."""
    tracks = list(rows[0]["tracks"])
    digits = {track: max(len(f"{row['tracks'][track]['score']:.1f}") for row in rows) for track in tracks}
    cells = [account_cells(row, digits) for row in rows]
    print_table(
        "", ["account", "name", "fit", "people", *tracks, "falls"], cells, numbers=["people"], truncated=["name"]
    )
    print_line(
        f"\nAs of {format_minute(rows[0]['as_of'])} UTC; people: engaged of late; falls: when a stage will be lost."
    )


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
    """How long from the account's own time on: `in 18d`, `in 5h`."""
    hours = (parse_time(instant) - parse_time(row["as_of"])) // 3_600_000
    return f"in {hours // 24}d" if hours >= 48 else f"in {hours}h"


@group.command(
    "show", epilog=examples("staffel account acme.com --explain", "staffel account acme.com --at 2026-03-31T22:00:00Z")
)
def account(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account id.")],
    explain: Annotated[bool, typer.Option("--explain", help="Every line whose sum is the score.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Fold the history again and show every fact.")] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """One account: score, stage, people, handoffs, and why; every line of the ledger with --explain."""
    with connected_application() as application:
        as_of, is_historic = requested_time(application, at)
        key = account_id(id) or id
        report = account_report(
            application.engine,
            application.log,
            application.plan,
            key,
            as_of,
            historic=is_historic,
            lines=explain or not as_json,
            deep=deep,
        )
        if report is None:
            raise ProblemFound(unknown_account_text(id, at if is_historic else None))
        people = {} if as_json else contact_names(application, report)
    print_json(report) if as_json else print_account(report, people, explain=explain, deep=deep)


def unknown_account_text(id: str, at: str | None) -> str:
    if id.startswith("anon:"):
        return f"{id} is a visitor without a company: it is not scored until somebody knows who it is"
    limit = f" by {at}" if at else ""
    return f"there is no account {id}{limit}; `staffel accounts{f' --at {at}' if at else ''}` lists them"


def contact_names(application: Application, report: Json) -> dict[str, str]:
    """contact -> what the vault calls it."""
    contacts = {contact["contact"] for contact in report["contacts"]}
    contacts |= {person for handoff in report["handoffs"] for person in handoff.people}
    return {id: person.name or person.email for id, person in application.vault.persons(contacts).items()}


@group.command(
    "register",
    epilog=examples(
        "staffel account register acme.com --name 'Acme GmbH' --industry biotechnology --employees 800 --country DE"
    ),
)
def register(
    id: Annotated[str, typer.Argument(metavar="ID", help="Its main domain, or any id without blanks and slashes.")],
    name: Annotated[str | None, typer.Option(help="The company's name.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A domain; may be given several times.")] = None,
    industry: Annotated[str | None, typer.Option(help="As the model writes it.")] = None,
    employees: Annotated[int | None, typer.Option(min=0, help="How many work there.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, as the model writes them.")] = None,
    segment: Annotated[str | None, typer.Option(help="As the model's routes write it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who in sales owns the account.")] = None,
    customer: Annotated[bool | None, typer.Option("--customer/--prospect", help="Whether they buy already.")] = None,
    target: Annotated[bool | None, typer.Option("--target/--no-target", help="On the list of target accounts.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account known, or tell more about one."""
    fields = {
        "name": name, "domains": domain, "industry": industry, "employees": employees, "country": country,
        "segment": segment, "owner": owner, "customer": customer, "target": target,
    }  # fmt: skip
    content = {field: value for field, value in fields.items() if value is not None}
    with connected_application() as application:
        recorded = record_fact(application, "account.registered.v1", account=id, data=content)
    print_recorded(recorded, as_json)


@group.command("claim", epilog=examples("staffel account claim acme.com acme.de"))
def claim(
    id: Annotated[str, typer.Argument(metavar="ID", help="Account id.")],
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain, `acme.com`.")],
    as_json: AsJson = False,
) -> None:
    """Say that a domain belongs to an account."""
    with connected_application() as application:
        recorded = record_fact(application, "account.domain_claimed.v1", account=id, data={"domain": domain})
    print_recorded(recorded, as_json)
