"""What people read: one alert as a title and a few lines. Never names a person: people are pseudonyms."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from alerts.channel import Alert
from projections.derived_facts import SOURCE, encode, event
from schemas.envelope import FactRecord
from schemas.times import format_time

_REASONS = 3
_LONGEST = 250
_QUIET = str.maketrans({"<": "‹", ">": "›", "@": "(at)", "*": "·", "`": "'"})
"""What chat services read as calls to everybody, or as mark-up."""

_TITLES = {
    "act_now": "ACT NOW: {account}",
    "handoff_proposed": "Ready for sales: {account}",
    "service_level_passed": "Nobody answered in time: {account}",
    "test": "TEST, nothing to do: {account}",
}


class Message(NamedTuple):
    title: str
    body: str


def message(kind: str, event: FactRecord, link: str | None = None) -> Message:
    """`link`: an address with `{account}` or `{handoff}`, where people look at it."""
    told = event.data
    lines = [_standing(told), _deadline(kind, told), *_reasons(told), _decide(told), _link(link, told)]
    return Message(_TITLES[kind].format(account=_named(told)), "\n".join(line for line in lines if line))


def _named(told: Mapping[str, Any]) -> str:
    name, account = _plain(told.get("name") or ""), _plain(told["account"])
    return f"{name} ({account})" if name else account


def _standing(told: Mapping[str, Any]) -> str:
    score, route = told.get("score"), told.get("route")
    scored = "" if score is None else f", score {score:.1f}"
    return f"{_plain(told['track'])}{scored}{f', for {_plain(route)}' if route else ''}"


def _deadline(kind: str, told: Mapping[str, Any]) -> str:
    due_at = told.get("due_at")
    if due_at is None:
        return ""
    return f"{'was due' if kind == 'service_level_passed' else 'answer by'} {due_at[:10]} {due_at[11:16]} UTC"


def _reasons(told: Mapping[str, Any]) -> list[str]:
    reasons = told.get("reasons") or []
    lines = [f"- {each['points']:.1f} {_plain(each['rule'])}, {_plain(each['contact'])}" for each in reasons[:_REASONS]]
    return [*lines, f"- and {len(reasons) - _REASONS} more"] if len(reasons) > _REASONS else lines


def _decide(told: Mapping[str, Any]) -> str:
    """The command that accepts, unless its id would not survive being shown and copied."""
    handoff = told["handoff"]
    whole = _plain(handoff) == shlex.quote(handoff) == handoff
    return f"staffel handoff accept {handoff} --by YOU" if whole else "staffel handoffs --open"


def _link(link: str | None, told: Mapping[str, Any]) -> str:
    if link is None:
        return ""
    account, handoff = quote(told["account"], safe=""), quote(told["handoff"], safe="")
    return link.replace("{account}", account).replace("{handoff}", handoff)


def _plain(text: str) -> str:
    """One line without mark-up."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return printable.translate(_QUIET)[:_LONGEST]


TYPE = "alert.tested.v1"
"""No type of the topic: a receiver that acts upon handoffs passes it over."""

_HOUR_MS = 3_600_000


def trial(now: int) -> Alert:
    """`now` in milliseconds since 1970."""
    handoff, account = "example.com/acquisition/1", "example.com"
    told = {
        **{"test": True, "handoff": handoff, "account": account, "name": "Example", "track": "acquisition"},
        **{"crossing": 1, "crossed_at": format_time(now), "score": 100.0, "model": "test-1-000000000000"},
        **{"route": None, "act_now": False, "due_at": format_time(now + 4 * _HOUR_MS), "people": ["c_example"]},
        "reasons": [{"rule": "meeting_held", "contact": "c_example", "points": 60.0}],
    }
    id = f"alert_test_{now}"
    return Alert(id, "test", encode(event(SOURCE, id, TYPE, account, now, told)))
