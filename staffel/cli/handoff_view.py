"""The screen view of handoffs: what is due when, who is in charge, and the largest reasons."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from audit import HandoffView
from schemas import EXPIRED, PROPOSED, parse_time, terminal_cell
from schemas.facts import summary_of
from staffel.cli.output import print_line, print_prose, print_table, readable, terminal_width
from staffel.cli.viewer import Viewer
from staffel.wording import quantity

DEFAULT_REASONS = 3
_MINUTE = 60_000
_MARGIN = 2
Json = dict[str, Any]
People = dict[str, str]


def quantity_of_handoffs(views: Sequence[HandoffView]) -> str:
    """`3 handoffs, 1 overdue`."""
    overdue = sum(view.overdue for view in views)
    return quantity(len(views), "handoff") + (f", {overdue} overdue" if overdue else "")


def print_handoffs(views: Iterable[HandoffView], people: People, viewer: Viewer) -> None:
    for number, view in enumerate(views):
        if number:
            print_line("")
        print_handoff(view, people, viewer)


def print_handoff(
    view: HandoffView, people: People, viewer: Viewer, *, max_reasons: int = DEFAULT_REASONS, told: Json | None = None
) -> None:
    """A few lines: the handoff, its status, who is in charge, and its largest reasons; `told`: with causes in words."""
    print_line(readable(view.handoff) + (f"  {terminal_cell(view.name)}" if view.name else ""))
    print_prose(status_text(view, viewer), _MARGIN)
    if view.answer_instead:
        print_line(f"  answer the later one of this track: {readable(view.answer_instead)}")
    if persons := persons_text(view):
        print_prose(persons, _MARGIN)
    if view.reason or view.note:
        print_prose(": ".join(text for text in (view.reason, view.note) if text), _MARGIN)
    print_prose(crossing_text(view, viewer, (told or {}).get("because")), _MARGIN)
    if was_recorded_later(view):
        print_line(f"  recorded {viewer.instant(view.starts_at)}, from when the time to answer counts")
    for reason in (told or {}).get("reasons", view.reasons)[:max_reasons]:
        contact: str = reason["contact"]
        person = people.get(contact, contact)
        print_line(f"  {reason['points']:8.1f}  {reason['rule']}, {terminal_cell(person)}")
        if reason.get("done"):
            print_line(indented(terminal_cell(reason["done"])))
    rest = len(view.reasons) - max_reasons
    if rest > 0:
        print_line(f"            and {rest} more")


def indented(text: str) -> str:
    """Below the rule of a reason, in as many lines as the terminal needs."""
    margin = " " * 12
    return "\n".join(wrap(text, max(terminal_width(), 40), initial_indent=margin, subsequent_indent=margin))


def status_text(view: HandoffView, viewer: Viewer) -> str:
    """`due in 2 h 10 min (Mon 5 Jan 13:00), to sdr, act now`, or the decision and who made it."""
    route = f", to {terminal_cell(view.route)}" if view.route else ""
    if view.status in (PROPOSED, EXPIRED):
        return f"{due_text(view, viewer)}{route}{', act now' if view.act_now else ''}"
    late = " late" if view.late else ""
    by = f" by {terminal_cell(view.by)}" if view.by else ""
    opportunity = f", opportunity {terminal_cell(view.opportunity)}" if view.opportunity else ""
    return f"{view.status}{late}{by}, {viewer.instant(view.decided_at)}{opportunity}{route}"


def due_text(view: HandoffView, viewer: Viewer) -> str:
    """How long there is to answer, or since when the time is over; both from the instant of the head."""
    if view.due_at is None:
        return view.status
    due, distance = viewer.instant(view.due_at), distance_text(viewer.as_of, parse_time(view.due_at))
    if view.overdue:
        return f"OVERDUE by {distance} (due {due})"
    return f"due in {distance} ({due})" if view.status == PROPOSED else f"{view.status}, was due {due}"


def distance_text(one: int, other: int) -> str:
    """`2 h 10 min`, `3 d 4 h`, `45 min` between two instants; seconds are left out."""
    minutes = abs(one - other) // _MINUTE
    if minutes < 1:
        return "less than 1 min"
    hours, days = minutes // 60, minutes // 1440
    parts = [(days, "d"), (hours % 24, "h")] if days else [(hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def persons_text(view: HandoffView) -> str:
    """`assigned to anna, owner ben`."""
    persons = (("assigned to", view.assigned_to), ("owner", view.owner))
    return ", ".join(f"{what} {terminal_cell(who)}" for what, who in persons if who)


def crossing_text(view: HandoffView, viewer: Viewer, because: str | None = None) -> str:
    """`qualified Mon 5 Jan 09:12 (web form submitted: demo), score 104.5`; without `because` the type of the cause."""
    words = because or (view.cause_type and summary_of(view.cause_type))
    cause = f" ({terminal_cell(words)})" if words else ""
    return f"qualified {viewer.instant(view.crossed_at)}{cause}, score {view.score:.1f}"


def was_recorded_later(view: HandoffView) -> bool:
    """Whether the cause of a handoff to answer was recorded in a later minute than it happened in."""
    return (
        view.due_at is not None and view.status in (PROPOSED, EXPIRED) and view.starts_at[:16] != view.crossed_at[:16]
    )


def print_history(steps: Sequence[Json], assignments: Sequence[Json], viewer: Viewer) -> None:
    """Decisions and assignments in the order in which they were recorded; a decision may be dated back."""
    told = [
        *((step, step["status"] + (" late" if step["late"] else "")) for step in steps),
        *((assignment, f"assigned to {assignment['to']}") for assignment in assignments),
    ]
    cells = [
        (viewer.instant(each["at"]), viewer.instant(each["recorded_at"]), text, each["by"], each.get("reason"),
         each.get("note") or each.get("opportunity"))
        for each, text in sorted(told, key=lambda pair: pair[0]["recorded_at"] or pair[0]["at"])
    ]  # fmt: skip
    if cells:
        columns = ["at", "recorded", "status", "by", "reason", "note"]
        print_table("Decisions", columns, cells, wrapped=["note", "status"], optional=["note"])
