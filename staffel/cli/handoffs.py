"""`staffel handoffs` and `staffel handoff`: list, show and decide."""

from typing import Annotated

import msgspec
import typer

from audit import HandoffView, step_json
from projections import DECISIONS_SOURCE, DecisionRefused, check_decision, open_queries
from staffel.application import Application
from staffel.cli.groups import examples, show_group
from staffel.cli.handoff_view import print_handoff
from staffel.cli.output import format_minute, print_json, print_line, print_table
from staffel.cli.session import AsCsv, AsJson, connected_application, print_recorded, print_rows, stored_handoff_id
from staffel.errors import ProblemFound, UsageError
from staffel.record_fact import AlreadyRecorded, record_fact

DecidedBy = Annotated[str, typer.Option("--by", metavar="WHO", help="Who decided.")]
Reason = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Reason, in a few words; use the same ones for the same reason.")
]
Handoff = Annotated[str, typer.Argument(metavar="HANDOFF", help="Handoff ID: <account>/<track>/<number>.")]

commands = typer.Typer()
group = show_group("Show a handoff, and record what sales decided.")


@commands.command("handoffs", epilog=examples("staffel handoffs --open"))
def handoffs(
    only_open: Annotated[bool, typer.Option("--open", help="Only open handoffs (proposed or accepted).")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List handoffs to sales: when, why, to whom, and until when to answer."""
    with connected_application() as application:
        with open_queries(application.engine) as queries:
            rows = [HandoffView.from_row(row) for row in queries.handoffs(only_open=only_open)]
        people = {} if as_json or as_csv else handoff_contact_names(application, rows)
    if print_rows(rows, as_json, as_csv, HandoffView.__struct_fields__):
        return
    print_handoffs(rows, people)
    if not rows:
        print_line("No open handoffs." if only_open else "No handoffs yet.")


def handoff_contact_names(application: Application, rows: list[HandoffView]) -> dict[str, str]:
    contacts = {person for row in rows for person in (*row.people, *(reason["contact"] for reason in row.reasons))}
    people = application.vault.persons(contacts)
    return {id: name for id, person in people.items() if (name := person.name or person.email)}


def print_handoffs(rows: list[HandoffView], people: dict[str, str]) -> None:
    for number, row in enumerate(rows):
        if number:
            print_line("")
        print_handoff(row, people)


@group.command("show", epilog=examples("staffel handoff acme.com/acquisition/1"))
def handoff(id: Handoff, as_json: AsJson = False) -> None:
    """Show a handoff: the evidence at the crossing, and the decisions."""
    with connected_application() as application:
        id = stored_handoff_id(application, id)
        with open_queries(application.engine) as queries:
            row = queries.handoff(id)
            if row is None:
                raise ProblemFound(f"there is no handoff {id}; `staffel handoffs` lists them")
            view = HandoffView.from_row(row)
            steps = [step_json(step) for step in queries.steps(id)]
        people = handoff_contact_names(application, [view])
    if as_json:
        print_json({**msgspec.to_builtins(view), "steps": steps})
        return
    print_handoff(view, people, max_reasons=len(view.reasons))
    cells = [(format_minute(step["at"]), step["status"], step["by"], step["reason"]) for step in steps]
    if cells:
        print_table("Decisions", ["at", "status", "by", "reason"], cells, wrapped=["reason"])


@group.command("accept", epilog=examples("staffel handoff accept acme.com/acquisition/1 --by anna"))
def accept(id: Handoff, by: DecidedBy, reason: Reason = None, as_json: AsJson = False) -> None:
    """Accept a handoff (marked late after its due time)."""
    decide(id, "accepted", by, reason, as_json)


@group.command(
    "reject", epilog=examples("staffel handoff reject acme.com/acquisition/1 --by anna --reason 'no budget this year'")
)
def reject(id: Handoff, by: DecidedBy, reason: Reason = None, as_json: AsJson = False) -> None:
    """Reject a handoff; the cool-down starts."""
    decide(id, "rejected", by, reason, as_json)


@group.command(
    "recycle",
    epilog=examples(
        "staffel handoff recycle acme.com/acquisition/1 --by anna --reason 'not ready, call again in spring'"
    ),
)
def recycle(id: Handoff, by: DecidedBy, reason: Reason = None, as_json: AsJson = False) -> None:
    """Return an accepted handoff after work on it; the cool-down starts."""
    decide(id, "recycled", by, reason, as_json)


def decide(id: str, status: str, by: str, reason: str | None, as_json: bool) -> None:
    """Record the decision if the handoff is open for it; of two concurrent decisions one wins."""
    if not by.strip():
        raise UsageError("--by: name who decided")
    with connected_application() as application:
        application.wait_until_visible()
        id = stored_handoff_id(application, id)
        account, fact = allowed_decision(application, id, status)
        content = {"handoff": id, "by": by} | ({"reason": reason} if reason else {})
        kind = f"handoff.{status}.v1"
        try:
            recorded = record_fact(application, kind, account=account, data=content, id=fact, source=DECISIONS_SOURCE)
        except AlreadyRecorded:
            allowed_decision(application, id, status)  # names the concurrent decision
            raise
    print_recorded(recorded, as_json)


def allowed_decision(application: Application, id: str, status: str) -> tuple[str, str]:
    """The account of the handoff and the ID of the decision fact. Raises `ProblemFound` if it is not allowed."""
    with open_queries(application.engine) as queries:
        row = queries.handoff(id)
    fact = check_decision(row, id, status)
    if row is None or isinstance(fact, DecisionRefused):
        raise ProblemFound(fact.why if isinstance(fact, DecisionRefused) else f"there is no handoff {id}")
    return str(row.account), fact
