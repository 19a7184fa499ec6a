"""The ledger lines of an account, valued at a time; their sum is the score."""

from collections.abc import Iterable
from itertools import groupby
from math import fsum
from operator import itemgetter
from typing import Any

from schemas import Line, StageChange, format_time, parse_time
from scoring.fold import decayed

Json = dict[str, Any]


def line_of_row(row: Any, at: int) -> Json:
    """A ledger row, valued at `at`."""
    return _line(row, format_time(row.time), row.time, at)


def line_of_fold(line: Line, at: int) -> Json:
    """A line of a replay, valued at `at`."""
    return _line(line, line.time, parse_time(line.time), at)


def _line(line: Any, time: str, instant: int, at: int) -> Json:
    value = 0.0 if line.cut is not None else decayed(line.points * line.weight, line.half_life, instant, at)
    return {
        "track": line.track,
        "time": time,
        "event": line.event,
        "type": line.type,
        "contact": line.contact,
        "rule": line.rule,
        "points": line.points,
        "weight": line.weight,
        "cut": line.cut,
        "half_life": line.half_life,
        "now": value,
    }


def sums_by_track(lines: Iterable[Json]) -> dict[str, float]:
    """Track -> sum of its lines."""
    values_by_track: dict[str, list[float]] = {}
    for line in lines:
        values_by_track.setdefault(line["track"], []).append(line["now"])
    return {track: fsum(values) for track, values in values_by_track.items()}


def summary_rows(lines: Iterable[Json]) -> list[Json]:
    """Per track, rule and contact: number of lines, number of capped ones, and total value; largest first."""

    def key(line: Json) -> tuple[str, str, str]:
        return line["track"], line["rule"], line["contact"]

    rows = []
    for (track, rule, contact), group in groupby(sorted(lines, key=key), key):
        members = list(group)
        newest = max(members, key=itemgetter("time"))
        rows.append(
            {
                "track": track,
                "rule": rule,
                "contact": contact,
                "lines": len(members),
                "cut": sum(1 for line in members if line["cut"] is not None),
                "last": newest["time"],
                "done": newest.get("done"),
                "now": fsum(line["now"] for line in members),
            }
        )
    return sorted(rows, key=lambda row: (row["track"], -abs(row["now"]), row["rule"], row["contact"]))


def stage_change_of_row(row: Any) -> Json:
    return _stage_change(row, format_time(row.at), row.from_stage, row.to_stage)


def stage_change_of_fold(change: StageChange) -> Json:
    return _stage_change(change, change.at, change.from_, change.to)


def _stage_change(change: Any, at: str, before: str | None, after: str | None) -> Json:
    return {"track": change.track, "at": at, "from": before, "to": after, "cause": change.cause, "score": change.score}
