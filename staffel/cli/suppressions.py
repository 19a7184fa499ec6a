"""`staffel suppressions`, and what the verbs `suppress` and `release` of accounts and contacts have in common."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from intake.vault import Person
from projections import open_queries
from schemas import ASKED, DISMISSED, ERASED, WITH_SALES, format_time
from staffel.application import Application
from staffel.cli.groups import examples
from staffel.cli.output import print_line, print_prose, print_table
from staffel.cli.session import AsCsv, AsJson, acting_user, connected_application, print_rows, stored_account_id
from staffel.cli.viewer import Viewer, viewer_of
from staffel.errors import UsageError

REASONS = (ASKED, WITH_SALES, DISMISSED, ERASED)
DEFAULT_ROWS = 50
WHOLE_ACCOUNT = "(whole account)"
Json = dict[str, Any]

By = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="Whose decision it is: a short name; default: STAFFEL_USER.")
]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Reason, in a few words.")]

group = typer.Typer(no_args_is_help=True, help="List who is left out of campaigns, why and since when.")


@group.callback()
def suppressions() -> None:
    """List who is left out of campaigns, why and since when."""


@group.command(
    "list", epilog=examples("staffel suppressions list", "staffel suppressions list --names --csv > leave-out.csv")
)
def list_suppressions(
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Only of this account.")] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="|".join(REASONS), help="Only those for this reason; several may hold.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="With name and address, where the vault knows them.")] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="Maximum number of rows in a table; JSON and CSV have all.")
    ] = DEFAULT_ROWS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List who is left out of campaigns, one row per reason. A row without contact is the whole account."""
    if reason is not None and reason not in REASONS:
        raise UsageError(f"--reason {reason}: the reasons are {', '.join(REASONS)}")
    with connected_application() as application:
        held = suppressions_now(application, account, reason)
        rows = held if as_json or as_csv else held[:limit]
        listed = with_names(application, rows) if names else rows
        viewer = viewer_of(application)
    if print_rows(listed, as_json, as_csv, columns(names)):
        return
    if not rows:
        print_line("Nobody is left out of campaigns.")
        return
    print_suppressions(listed, viewer, names)
    if len(held) > len(rows):
        print_line(f"and {len(held) - len(rows)} more; use --limit, --csv or --json to see them.")


def suppressions_now(application: Application, account: str | None, reason: str | None) -> list[Json]:
    """Those that hold now: one that says `until` is over then, even if its end has not been told yet."""
    key = None if account is None else stored_account_id(application, account)
    now = application.clock()
    with open_queries(application.engine) as queries:
        rows = queries.suppressions(key)
    return [
        suppression_json(row)
        for row in rows
        if (row.until is None or row.until > now) and (reason is None or row.reason == reason)
    ]


def suppression_json(row: Any) -> Json:
    return {
        "account": row.account,
        "contact": row.contact,
        "reason": row.reason,
        "since": format_time(row.since),
        "until": None if row.until is None else format_time(row.until),
        "handoff": row.handoff,
        "cause": row.cause,
        "cause_type": row.cause_type,
    }


def columns(names: bool) -> Iterable[str]:
    shown = ("account", "contact", "reason", "since", "until", "handoff", "cause", "cause_type")
    return (*shown, "name", "email") if names else shown


def with_names(application: Application, rows: list[Json]) -> list[Json]:
    persons = application.vault.persons(row["contact"] for row in rows if row["contact"] is not None)
    return [row | person_json(persons.get(row["contact"])) for row in rows]


def person_json(person: Person | None) -> Json:
    return {"name": person.name, "email": person.email} if person else {"name": None, "email": None}


def print_suppressions(rows: list[Json], viewer: Viewer, names: bool) -> None:
    cells = [
        (
            row["account"],
            row["contact"] or WHOLE_ACCOUNT,
            *((row["name"] or row["email"] or row["contact"] or WHOLE_ACCOUNT,) if names else ()),
            row["reason"],
            viewer.day(row["since"]),
            viewer.day(row["until"]),
            CAUSES.get(row["cause_type"], row["cause_type"]),
        )
        for row in rows
    ]
    header = ["account", "contact", *(["name"] if names else []), "reason", "since", "until", "cause"]
    print_table(
        "", header, cells, truncated=["name", "cause"], optional=[*(["contact"] if names else []), "until", "cause"]
    )
    print_line("")
    print_prose(f"As of {viewer.head}. A contact is left out while a row of it or of its account holds.")


CAUSES = {
    "email.unsubscribed": "unsubscribed",
    "email.complained": "complained",
    "contact.suppressed": "told so",
    "account.suppressed": "told so",
    "contact.erased": "forgotten",
    "handoff.rejected": "handoff rejected",
    "handoff.accepted": "handoff accepted",
    "email.replied": "replied",
    "meeting.booked": "booked a meeting",
    "meeting.held": "met us",
    "call.connected": "was called",
}
"""What a fact of this type did, in a word; of talks that opened with a handoff the type says what led to it."""


def decision(application: Application, by: str | None, reason: str | None) -> Json:
    """The data of a fact by which somebody suppresses or releases: `--by`, else STAFFEL_USER. Raises `UsageError`."""
    who = acting_user(application.settings, "--by", by)
    told = {"by": who, "reason": reason and reason.strip()}
    return {name: text for name, text in told.items() if text}


def optional_decision(application: Application, by: str | None, reason: str | None) -> Json:
    """The same where nobody need be named: a contact asked, whoever wrote it down."""
    if by is None and application.settings.user is None:
        return {"reason": reason.strip()} if reason and reason.strip() else {}
    return decision(application, by, reason)
