"""The text of an alert for people: a title and a few lines. Contacts appear as pseudonyms only."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from alerts.channels.channel import Alert
from projections import STAFFEL_SOURCE, encode, new_event
from schemas import FactRecord, chat_text, format_time

_MAX_REASONS = 3
_IDENTIFIER = re.compile(r"~?[A-Za-z0-9][A-Za-z0-9.:_-]{0,79}")
_COPIED = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_/-]{0,249}")
"""Ids that a chat shows as they are, and that no command takes for an option."""

_TITLES = {
    "act_now": "ACT NOW: {account}",
    "handoff_proposed": "Ready for sales: {account}",
    "service_level_passed": "Overdue: {account} was not accepted in time",
    "test": "TEST, no action needed: {account}",
}


class Message(NamedTuple):
    title: str
    body: str


def message(kind: str, event: FactRecord, link: str | None = None) -> Message:
    """`link`: a URL with `{account}` or `{handoff}`, for instance of the CRM."""
    data = event.data
    lines = [_summary(data), _deadline(kind, data), *_reasons(data), _accept_command(data), _link(link, data)]
    return Message(_TITLES[kind].format(account=_account_label(data)), "\n".join(line for line in lines if line))


def _account_label(data: Mapping[str, Any]) -> str:
    name, account = chat_text(data.get("name") or ""), _identifier(data["account"])
    return f"{name} ({account})" if name else account


def _summary(data: Mapping[str, Any]) -> str:
    score, route = data.get("score"), data.get("route")
    scored = "" if score is None else f", score {score:.1f}"
    return f"{chat_text(data['track'])}{scored}{f', for {chat_text(route)}' if route else ''}"


def _deadline(kind: str, data: Mapping[str, Any]) -> str:
    due_at = data.get("due_at")
    if due_at is None:
        return ""
    return f"{'was due' if kind == 'service_level_passed' else 'due'} {due_at[:10]} {due_at[11:16]} UTC"


def _reasons(data: Mapping[str, Any]) -> list[str]:
    reasons = data.get("reasons") or []
    lines = [
        f"- {each['points']:.1f} {_identifier(each['rule'])}, {_identifier(each['contact'])}"
        for each in reasons[:_MAX_REASONS]
    ]
    return [*lines, f"- and {len(reasons) - _MAX_REASONS} more"] if len(reasons) > _MAX_REASONS else lines


def _accept_command(data: Mapping[str, Any]) -> str:
    """The command that accepts the handoff, if its id can be copied unchanged; else the list of handoffs."""
    handoff = data["handoff"]
    survives_copying = shlex.quote(handoff) == handoff and _COPIED.fullmatch(handoff) is not None
    return f"staffel handoff accept {handoff} --by YOU" if survives_copying else "staffel handoffs --open"


def _link(link: str | None, data: Mapping[str, Any]) -> str:
    if link is None:
        return ""
    account, handoff = quote(data["account"], safe=""), quote(data["handoff"], safe="")
    return link.replace("{account}", account).replace("{handoff}", handoff)


def _identifier(text: str) -> str:
    """An id as it is, so that it can be copied and found; in any other form like a name."""
    return text if _IDENTIFIER.fullmatch(text) else chat_text(text)


SAMPLE_TYPE = "alert.tested.v1"
"""Not a type of `sqa-handoffs`, so that receivers which act on handoffs ignore it."""

_HOUR_MS = 3_600_000


def sample_alert(now: int) -> Alert:
    """An alert to try a channel with; `now` in milliseconds since 1970."""
    handoff, account = "example.com/acquisition/1", "example.com"
    data = {
        **{"test": True, "handoff": handoff, "account": account, "name": "Example", "track": "acquisition"},
        **{"crossing": 1, "crossed_at": format_time(now), "score": 100.0, "model": "test-1-000000000000"},
        **{"route": None, "act_now": False, "due_at": format_time(now + 4 * _HOUR_MS), "people": ["c_example"]},
        "reasons": [{"rule": "meeting_held", "contact": "c_example", "points": 60.0}],
    }
    id = f"alert_test_{now}"
    return Alert(id, "test", encode(new_event(STAFFEL_SOURCE, id, SAMPLE_TYPE, account, now, data)))
