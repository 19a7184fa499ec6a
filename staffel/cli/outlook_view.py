"""What is next for an account, and its story: what is missing, what falls when, what happened."""

from textwrap import wrap
from typing import Any

from schemas import parse_time, terminal_cell
from staffel.cli.output import print_line, print_table, readable, terminal_width
from staffel.cli.people import Names
from staffel.cli.viewer import Viewer

Json = dict[str, Any]
MIN_TEXT_WIDTH = 40
_WHOLE_WORDS = {"break_long_words": False, "break_on_hyphens": False}
"""So that ids can be copied."""


def print_next(report: Json, viewer: Viewer) -> None:
    """Per track with stages: what the next one needs, what gates it, and when the present one ends."""
    texts = [text for track, outlook in report["next"].items() if (text := next_text(track, outlook, viewer))]
    width = max(terminal_width(), MIN_TEXT_WIDTH)
    if texts:
        print_line("\nNext")
    for text in texts:
        print_line(
            "\n".join(
                wrap(readable(text), width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
            )
        )


def next_text(track: str, outlook: Json, viewer: Viewer) -> str:
    """`acquisition: sqa needs 20 more points; aware ends when the score is below 4, on Sun 11 Jan 06:00`."""
    because = outlook["because"]
    parts = [because] if because else []
    if outlook["falls_at"]:
        parts.append(f"on {viewer.instant(outlook['falls_at'])}")
    text = ", ".join(parts)
    cooling_until = outlook["cooling_until"]
    if cooling_until and parse_time(cooling_until) > viewer.as_of:
        text += f"; cooling down until {viewer.instant(cooling_until)}"
    if not text and outlook["stage"] is None:
        return ""
    return text if text.startswith(f"{track} is closed") else f"{track}: {text}"


def print_timeline(report: Json, names: Names, viewer: Viewer) -> None:
    """Facts, stage changes and steps of handoffs, oldest first."""
    rows = [
        (viewer.instant(entry["time"]), names.get(entry["contact"] or "", entry["contact"]), entry_text(entry, viewer))
        for entry in report["timeline"]
    ]
    print_table("Timeline", ["time", "contact", "what"], rows, wrapped=["what"], truncated=["contact"])


def entry_text(entry: Json, viewer: Viewer) -> str:
    """The answer of a person with the time of its record, where that is a minute later: so backdating is seen."""
    time, recorded_at = entry["time"], entry["recorded_at"]
    if entry["kind"] != "handoff" or not recorded_at or parse_time(recorded_at) - parse_time(time) < 60_000:
        return terminal_cell(entry["text"])
    return f"{terminal_cell(entry['text'])} (recorded {viewer.instant(recorded_at)})"
