"""A handoff as sales reads it: whose it is, until when, and the reasons, largest first. Never decides one."""

from typing import Any

from staffel.cli.output import escape_control, format_minute, print_line

Json = dict[str, Any]
DEFAULT_REASONS = 3


def print_handoff(
    row: Json, people: dict[str, str], *, max_reasons: int = DEFAULT_REASONS, name: str | None = None
) -> None:
    """Some lines: the handoff, where it stands, its largest reasons."""
    print_line(f"{row['handoff']}{f'  {escape_control(name)}' if name else ''}")
    print_line(f"  {status_text(row)}")
    if row["reason"]:
        print_line(f"  because: {escape_control(row['reason'])}")
    print_line(f"  crossed {format_minute(row['crossed_at'])} with a score of {row['score']:.1f}")
    for reason in row["reasons"][:max_reasons]:
        person = people.get(reason["contact"], reason["contact"])
        print_line(f"  {reason['points']:8.1f}  {reason['rule']}, {escape_control(person)}")
    rest = len(row["reasons"]) - max_reasons
    if rest > 0:
        print_line(f"            and {rest} more")


def status_text(row: Json) -> str:
    """`proposed to sdr, act now, answer by 2026-01-05 13:00`, or what was decided and by whom."""
    route = f" to {escape_control(row['route'])}" if row["route"] else ""
    if row["status"] == "proposed":
        due = f", answer by {format_minute(row['due_at'])}" if row["due_at"] else ""
        return f"proposed{route}{', act now' if row['act_now'] else ''}{due}"
    late = " late" if row["late"] else ""
    by = f" by {escape_control(row['by'])}" if row["by"] else ""
    return f"{row['status']}{late}{by}, {format_minute(row['decided_at'])} (was proposed{route})"
