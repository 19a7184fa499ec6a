"""`staffel handoff`: show a handoff, answer it, and say what became of it."""

from typing import Annotated, Any

import typer

from audit import HandoffView, assignment_json, step_json
from projections import (
    DECISIONS_SOURCE,
    DecisionRefused,
    accepted_beside,
    check_assignment,
    check_decision,
    open_queries,
)
from schemas import ACCEPTED, CONVERTED, RECYCLED, REJECTED, suggestion
from staffel.application import Application
from staffel.cli.account_page import page_of_handoff, told_handoff
from staffel.cli.groups import examples, show_group
from staffel.cli.handoff_view import print_handoff, print_history
from staffel.cli.handoffs import handoff_contact_names
from staffel.cli.outlook_view import print_next
from staffel.cli.output import print_json, print_line, readable
from staffel.cli.people_view import print_whom_to_call
from staffel.cli.session import AsJson, acting_user, connected_application, print_recorded, stored_handoff_id
from staffel.cli.viewer import viewer_of
from staffel.errors import ProblemFound, UsageError
from staffel.record_fact import AlreadyRecorded, record_fact

By = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="Who decided: a short name; default: STAFFEL_USER.")
]
Reason = Annotated[
    str | None, typer.Option(metavar="REASON", help="Why, in one of the model's words (`staffel model show`).")
]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="What else there is to say, in your own words.")]
Handoff = Annotated[str, typer.Argument(metavar="HANDOFF", help="Handoff ID: <account>/<track>/<number>.")]
_MAX_TRIES = 10
"""More ids than that are not taken by decisions that came too late."""

Json = dict[str, Any]
group = show_group("Show a handoff, and record what sales decided.")


@group.command("show", epilog=examples("staffel handoff acme.com/acquisition/1"))
def handoff(id: Handoff, as_json: AsJson = False) -> None:
    """Show a handoff: the evidence at the crossing, the decisions, and when they were recorded."""
    with connected_application() as application:
        viewer = viewer_of(application)
        id = stored_handoff_id(application, id)
        with open_queries(application.engine) as queries:
            row = queries.handoff(id)
            if row is None:
                raise ProblemFound(f"there is no handoff {id}; `staffel handoffs --all` lists them")
            view = HandoffView.from_row(row, viewer.as_of)
            steps = [step_json(step) for step in queries.steps(id)]
            assignments = [assignment_json(assignment) for assignment in queries.assignments(id)]
        people = handoff_contact_names(application, [view])
        page = page_of_handoff(application, view, viewer)
    told = told_handoff(view, page)
    if as_json:
        following = {"next": page.report["next"]} if page else {}
        print_json({**told, "steps": steps, "assignments": assignments, **following})
        return
    print_line(f"{viewer.head}\n")
    print_handoff(view, people, viewer, max_reasons=len(view.reasons), told=told)
    print_history(steps, assignments, viewer)
    if page:
        print_next(page.report, viewer)
        print_whom_to_call(page.report, page.persons)


@group.command("accept", epilog=examples("staffel handoff accept acme.com/acquisition/1 --by anna"))
def accept(id: Handoff, by: By = None, note: Note = None, as_json: AsJson = False) -> None:
    """Accept a handoff (marked late after its due time)."""
    decide(id, ACCEPTED, by, {"note": note}, as_json)


@group.command("reject", epilog=examples("staffel handoff reject acme.com/acquisition/1 --by anna --reason budget"))
def reject(id: Handoff, by: By = None, reason: Reason = None, note: Note = None, as_json: AsJson = False) -> None:
    """Reject a handoff, with the reason; the cool-down starts."""
    decide(id, REJECTED, by, {"reason": reason, "note": note}, as_json)


@group.command(
    "recycle",
    epilog=examples(
        "staffel handoff recycle acme.com/acquisition/1 --by anna --reason timing --note 'call again in spring'"
    ),
)
def recycle(id: Handoff, by: By = None, reason: Reason = None, note: Note = None, as_json: AsJson = False) -> None:
    """Return an accepted or converted handoff after work on it, with the reason; the cool-down starts."""
    decide(id, RECYCLED, by, {"reason": reason, "note": note}, as_json)


@group.command(
    "convert", epilog=examples("staffel handoff convert acme.com/acquisition/1 --by anna --opportunity 006A1")
)
def convert(
    id: Handoff,
    by: By = None,
    opportunity: Annotated[
        str | None, typer.Option(metavar="ID", help="The opportunity in the CRM that it became.")
    ] = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Tell that an accepted handoff became an opportunity; it stays with sales until that is won or lost."""
    decide(id, CONVERTED, by, {"opportunity": opportunity, "note": note}, as_json)


@group.command("assign", epilog=examples("staffel handoff assign acme.com/acquisition/1 --to anna --by berta"))
def assign(
    id: Handoff,
    to: Annotated[str, typer.Option("--to", metavar="WHO", help="Who is to deal with it: a short name.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Assign a handoff to a person; of several assignments the newest holds."""
    with connected_application() as application:
        to, by = acting_user(application.settings, "--to", to), acting_user(application.settings, "--by", by)
        application.wait_until_visible()
        id = stored_handoff_id(application, id)
        recorded = record_assignment(application, id, to, by)
    print_recorded(recorded, as_json)


def record_assignment(application: Application, id: str, to: str, by: str) -> Json:
    """Record it, later than the one that holds, whatever the clock says."""
    with open_queries(application.engine) as queries:
        row, number = queries.handoff(id), len(queries.assignments(id))
    fact = check_assignment(row, id, number, to)
    if row is None or isinstance(fact, DecisionRefused):
        raise ProblemFound(fact.why if isinstance(fact, DecisionRefused) else f"there is no handoff {id}")
    time = max(application.clock(), (row.assigned_at or 0) + 1)
    return record_fact(
        application,
        "handoff.assigned.v1",
        account=str(row.account),
        data={"handoff": id, "to": to, "by": by},
        id=fact,
        source=DECISIONS_SOURCE,
        time=time,
    )


def decide(id: str, status: str, by: str | None, told: dict[str, str | None], as_json: bool) -> None:
    """Record the decision if the handoff is open for it; of two concurrent decisions one wins."""
    with connected_application() as application:
        by = acting_user(application.settings, "--by", by)
        if "reason" in told:
            told["reason"] = known_reason(application, status, told["reason"])
        application.wait_until_visible()
        id = stored_handoff_id(application, id)
        data = {"handoff": id, "by": by} | {field: text for field, text in told.items() if text}
        recorded = record_decision(application, id, status, data)
        notices = notices_about(application, id, status)
    if as_json:
        print_json(recorded | ({"notices": notices} if notices else {}))
        return
    print_recorded(recorded, as_json=False)
    for notice in notices:
        print_line(notice)


def known_reason(application: Application, status: str, reason: str | None) -> str:
    """The reason as the model spells it. Raises `UsageError` unless it is one of the model's."""
    reasons = application.plan.model.handoff.reasons
    words = reasons.reject if status == REJECTED else reasons.recycle
    named = {word.casefold(): word for word in words}
    wanted = (reason or "").strip().casefold()
    if wanted in named:
        return named[wanted]
    given = f" {reason}: unknown reason{suggestion(wanted, named)};" if wanted else ":"
    raise UsageError(f"--reason{given} write one of {', '.join(words)}, and more in your own words with --note")


def record_decision(application: Application, id: str, status: str, data: Json) -> Json:
    """Record the decision and see that it counted. Raises `ProblemFound` with the concurrent one if that was faster."""
    taken = 0
    while True:
        account, fact = allowed_decision(application, id, status, taken)
        try:
            recorded = record_fact(
                application, f"handoff.{status}.v1", account=account, data=data, id=fact, source=DECISIONS_SOURCE
            )
            break
        except AlreadyRecorded:
            taken += 1  # by a concurrent decision, or by one that came too late to count
            if taken == _MAX_TRIES:
                raise
    with open_queries(application.engine) as queries:
        if any(step.fact == fact for step in queries.steps(id)):
            return recorded
    allowed_decision(application, id, status, taken)  # names what happened meanwhile
    raise ProblemFound(f"{id} changed meanwhile; the decision was recorded and changes nothing")


def allowed_decision(application: Application, id: str, status: str, taken: int = 0) -> tuple[str, str]:
    """The account of the handoff and the ID of the decision fact. Raises `ProblemFound` if it is not allowed.

    `taken`: how many IDs others have taken already.
    """
    with open_queries(application.engine) as queries:
        row = queries.handoff(id)
    fact = check_decision(row, id, status, taken)
    if row is None or isinstance(fact, DecisionRefused):
        raise ProblemFound(fact.why if isinstance(fact, DecisionRefused) else f"there is no handoff {id}")
    return str(row.account), fact


def notices_about(application: Application, id: str, status: str) -> list[str]:
    """What whoever decided should know: that the answer was late, and who works on the same account."""
    with open_queries(application.engine) as queries:
        row = queries.handoff(id)
        others = accepted_beside(row, queries.handoffs(account=row.account)) if row and status == ACCEPTED else []
    due = viewer_of(application).instant(row.due_at) if row and row.late and status in (ACCEPTED, REJECTED) else None
    late = [f"Late: an answer was due {due}."] if due else []
    same = (f"{readable(each.handoff)} of the same track is accepted by {readable(each.by or '?')}." for each in others)
    return [*late, *same]
