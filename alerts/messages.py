"""The text of an alert for people: a title and a few lines.

Everything from outside is made inert by `chat_text`, and no line begins with it, as Markdown has headings, lists and
quotes there. Contacts appear as pseudonyms unless the channel may name them.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.channels.channel import Alert
from alerts.dossier import MAX_REASONS
from alerts.reminders import DUE_PERCENT
from projections import STAFFEL_SOURCE, encode, new_event
from schemas import FactRecord, chat_text, format_time, parse_time

Data = Mapping[str, Any]
Names = Mapping[str, str]
"""Contact -> name."""

_IDENTIFIER = re.compile(r"~?[A-Za-z0-9][A-Za-z0-9.:_-]{0,79}")
_COPIED = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_/-]{0,249}")
"""Ids that a chat shows as they are, and that no command takes for an option."""

_TITLES = {
    "act_now": "ACT NOW: {account}",
    "handoff_proposed": "Ready for sales: {account}",
    "service_level_passed": "OVERDUE: {account} was not accepted in time",
    "reminder": "Reminder: {account} waits for an answer",
    "escalation": "ESCALATED: {account} was not accepted",
    "test": "TEST, no action needed: {account}",
}
_UNKNOWN_FIT = "unknown"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the locale is."""


class Links(NamedTuple):
    """`crm`: a URL with `{account}` or `{handoff}`; `pages`: where the pages of Staffel are (STAFFEL_PUBLIC_URL)."""

    crm: str | None = None
    pages: str | None = None


class Message(NamedTuple):
    title: str
    body: str


NO_LINKS = Links()


def message(kind: str, event: FactRecord, links: Links = NO_LINKS, names: Names | None = None) -> Message:
    data = event.data
    lines = [
        *_company(data),
        _summary(data),
        *_deadline(kind, data),
        *_escalation(data),
        *_reasons(data, names or {}),
        _accept_command(data),
        *_links(links, data),
    ]
    return Message(_TITLES[kind].format(account=_account_label(data)), "\n".join(lines))


def shown_contacts(event: FactRecord) -> list[str]:
    """The persons that a message about the event mentions."""
    contacts = (str(each["contact"]) for each in (event.data.get("reasons") or [])[:MAX_REASONS])
    return list(dict.fromkeys(contact for contact in contacts if contact.startswith("c_")))


def _account_label(data: Data) -> str:
    name, account = chat_text(data.get("name") or ""), _identifier(data["account"])
    return f"{name} ({account})" if name else account


def _company(data: Data) -> Iterator[str]:
    """`company: pharmaceuticals, 1200 employees, DE, fit A, owner anna`."""
    company = data.get("company") or {}
    employees, fit = company.get("employees"), company.get("fit")
    words = [
        _text(company.get("industry")),
        f"{employees:.0f} employees" if isinstance(employees, int | float) else "",
        _text(company.get("country")),
        "customer" if company.get("customer") is True else "",
        f"fit {_text(fit)}" if fit and fit != _UNKNOWN_FIT else "",
        f"owner {_text(company['owner'])}" if company.get("owner") else "",
    ]
    if any(words):
        yield f"company: {', '.join(filter(None, words))}"


def _summary(data: Data) -> str:
    score, route = data.get("score"), data.get("route")
    scored = "" if score is None else f", score {score:.1f}"
    return f"{chat_text(data['track'])}{scored}{f', for {chat_text(route)}' if route else ''}"


def _deadline(kind: str, data: Data) -> Iterator[str]:
    due_at = data.get("due_at")
    if due_at is not None:
        yield f"{'was due' if _is_overdue(kind, data) else 'due'} {_local_time(parse_time(due_at), data.get('zone'))}"


def _is_overdue(kind: str, data: Data) -> bool:
    return kind == "service_level_passed" or ((data.get("step") or {}).get("percent") or 0) >= DUE_PERCENT


def _escalation(data: Data) -> Iterator[str]:
    step = data.get("step") or {}
    if step.get("to"):
        yield f"now for {_text(step['to'])}: {step['percent']} % of the time to answer have passed"


def _local_time(instant: int, zone: str | None) -> str:
    """`Mon 5 Jan 2026 17:00 (Europe/Berlin)`, as commands show times."""
    try:
        timezone = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        timezone, zone = ZoneInfo("UTC"), None
    local = datetime.fromtimestamp(instant // 1000, UTC).astimezone(timezone)
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%Y %H:%M} ({zone or 'UTC'})"


def _reasons(data: Data, names: Names) -> Iterator[str]:
    reasons = data.get("reasons") or []
    for each in reasons[:MAX_REASONS]:
        what = _text(each.get("what")) or _identifier(each["rule"])
        yield f"- {each['points']:.1f} {what}{_who(each, names)}"
    if len(reasons) > MAX_REASONS:
        yield f"- and {len(reasons) - MAX_REASONS} more"


def _who(reason: Data, names: Names) -> str:
    """`, c_7d2k9x (head of quality)`; nothing if the account as a whole is meant."""
    contact, role = str(reason["contact"]), _text(reason.get("role"))
    if contact.startswith("~"):
        return ""
    return f", {_text(names.get(contact)) or _identifier(contact)}{f' ({role})' if role else ''}"


def _accept_command(data: Data) -> str:
    """The command that accepts the handoff, if its id can be copied unchanged; else the list of handoffs."""
    handoff = data["handoff"]
    survives_copying = shlex.quote(handoff) == handoff and _COPIED.fullmatch(handoff) is not None
    return f"staffel handoff accept {handoff} --by YOU" if survives_copying else "staffel handoffs"


def _links(links: Links, data: Data) -> Iterator[str]:
    handoff = data["handoff"]
    if links.pages is not None:
        yield f"{links.pages.rstrip('/')}/handoffs/{quote(handoff, safe='/')}"
    if links.crm is not None:
        account = quote(data["account"], safe="")
        yield links.crm.replace("{account}", account).replace("{handoff}", quote(handoff, safe=""))


def _text(value: object) -> str:
    return chat_text(value) if isinstance(value, str) else ""


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
        "reasons": [{"rule": "meeting_held", "contact": "c_example", "points": 60.0, "what": "meeting held"}],
    }
    id = f"alert_test_{now}"
    return Alert(id, "test", encode(new_event(STAFFEL_SOURCE, id, SAMPLE_TYPE, account, now, data)))
