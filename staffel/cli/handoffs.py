"""`staffel handoffs`: the work list of sales."""

from collections.abc import Iterable
from typing import Annotated

import typer

from audit import HandoffView
from projections import WorkListFilter, listed_handoffs, open_queries
from schemas import PREVIOUS_STATUSES, PROPOSED, suggestion
from staffel.application import Application
from staffel.cli.groups import examples
from staffel.cli.handoff_view import print_handoffs, quantity_of_handoffs
from staffel.cli.output import print_line
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows
from staffel.cli.viewer import viewer_of
from staffel.errors import UsageError

DEFAULT_ROWS = 50
STATUSES = (PROPOSED, *PREVIOUS_STATUSES)

commands = typer.Typer()


@commands.command(
    "handoffs",
    epilog=examples(
        "staffel handoffs --mine", "staffel handoffs --route sdr --overdue", "staffel handoffs --all --csv"
    ),
)
def handoffs(
    mine: Annotated[
        bool,
        typer.Option(
            "--mine", help="Only mine: assigned to STAFFEL_USER, else accepted by me, else of an account I own."
        ),
    ] = False,
    owner: Annotated[str | None, typer.Option(metavar="WHO", help="Only of accounts with this owner.")] = None,
    route: Annotated[str | None, typer.Option(metavar="ROUTE", help="Only with this route.")] = None,
    track: Annotated[str | None, typer.Option(metavar="TRACK", help="Only of this track.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only overdue ones.")] = False,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only in this status, also closed ones.")] = None,
    also_closed: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Maximum number; {DEFAULT_ROWS} on a screen, all in JSON and CSV.")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", hidden=True, help="What is listed anyway.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List open handoffs: overdue ones first, then what is due next, then what is being worked on."""
    with connected_application() as application:
        chosen = WorkListFilter(
            user=my_name(application) if mine else None,
            owner=owner,
            route=route,
            track=track,
            status=known_status(status),
            only_overdue=overdue,
            also_closed=also_closed and not only_open,
        )
        viewer = viewer_of(application)
        with open_queries(application.engine) as queries:
            rows = listed_handoffs(queries, viewer.as_of, chosen)
        views = [HandoffView.from_row(row, viewer.as_of) for row in rows]
        shown = views[: limit or (None if as_json or as_csv else DEFAULT_ROWS)]
        if print_rows(shown, as_json, as_csv, HandoffView.__struct_fields__):
            return
        people = handoff_contact_names(application, shown)
    if not views:
        print_line(empty_text(chosen))
        return
    print_line(f"{viewer.head}: {quantity_of_handoffs(views)}\n")
    print_handoffs(shown, people, viewer)
    if len(shown) < len(views):
        print_line(f"\nThe first {len(shown)} of {len(views)}; use --limit to see more.")


def my_name(application: Application) -> str:
    user = application.settings.user
    if user is None:
        raise UsageError("--mine: set STAFFEL_USER to your short name, for instance in .env: STAFFEL_USER=anna")
    return user


def known_status(status: str | None) -> str | None:
    if status is not None and status not in STATUSES:
        advice = suggestion(status, STATUSES)
        raise UsageError(f"--status {status}: unknown status{advice}; write one of {', '.join(STATUSES)}")
    return status


def empty_text(chosen: WorkListFilter) -> str:
    """Why a list is empty."""
    if chosen == WorkListFilter():
        return "No open handoffs; `staffel handoffs --all` lists closed ones."
    if chosen == WorkListFilter(also_closed=True):
        return "No handoffs yet."
    return "No handoff matches these options."


def handoff_contact_names(application: Application, rows: Iterable[HandoffView]) -> dict[str, str]:
    contacts = {person for row in rows for person in (*row.people, *(reason["contact"] for reason in row.reasons))}
    people = application.vault.persons(contacts)
    return {id: name for id, person in people.items() if (name := person.name or person.email)}
