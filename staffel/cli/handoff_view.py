"""The screen view of a handoff: status, due time, and the largest reasons."""

from audit import HandoffView
from schemas import terminal_cell
from staffel.cli.output import format_minute, print_line, readable

DEFAULT_REASONS = 3


def print_handoff(view: HandoffView, people: dict[str, str], *, max_reasons: int = DEFAULT_REASONS) -> None:
    """A few lines: the handoff, its status and its largest reasons."""
    print_line(readable(view.handoff))
    print_line(f"  {status_text(view)}")
    if view.reason:
        print_line(f"  reason: {terminal_cell(view.reason)}")
    print_line(f"  qualified {format_minute(view.crossed_at)} with a score of {view.score:.1f}")
    for reason in view.reasons[:max_reasons]:
        contact: str = reason["contact"]
        person = people.get(contact, contact)
        print_line(f"  {reason['points']:8.1f}  {reason['rule']}, {terminal_cell(person)}")
    rest = len(view.reasons) - max_reasons
    if rest > 0:
        print_line(f"            and {rest} more")


def status_text(view: HandoffView) -> str:
    """`proposed to sdr, act now, due 2026-01-05 13:00`, or the decision and who made it."""
    route = f" to {terminal_cell(view.route)}" if view.route else ""
    if view.status == "proposed":
        due = f", due {format_minute(view.due_at)}" if view.due_at else ""
        return f"proposed{route}{', act now' if view.act_now else ''}{due}"
    late = " late" if view.late else ""
    by = f" by {terminal_cell(view.by)}" if view.by else ""
    return f"{view.status}{late}{by}, {format_minute(view.decided_at)} (proposed{route})"
