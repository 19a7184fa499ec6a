"""What a fact tells, in a few words: `web form submitted: demo, on /contact`.

From fields that stand in the log alone, so as far as the settings of a source keep them. Of addresses of pages only the
path is shown: queries may hold anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.facts.registry import unversioned

Data = Mapping[str, Any]
Detail = Callable[[Data], Iterator[str]]
MAX_DETAIL_LENGTH = 80
_WEB_ADDRESS = re.compile(r"(?:https?://[^/?#]*|(?=/))([^?#]*)", re.IGNORECASE)
_LABELS = {
    "web.page_viewed": "page viewed",
    "web.form_submitted": "web form submitted",
    "web.content_downloaded": "content downloaded",
    "web.searched": "site searched",
    "email.delivered": "mail delivered",
    "email.opened": "mail opened",
    "email.clicked": "link in a mail clicked",
    "email.replied": "mail answered",
    "email.received": "mail received",
    "email.bounced": "mail bounced",
    "email.unsubscribed": "unsubscribed from mails",
    "email.complained": "complained about a mail",
    "event.registered": "registered for an event",
    "event.attended": "attended an event",
    "call.connected": "talked on the phone",
    "chat.held": "chatted",
    "referral.made": "recommended us",
    "product.signed_up": "signed up for the product",
    "product.trial_started": "trial started",
    "nps.answered": "survey answered",
    "account.registered": "account data",
    "account.updated": "account data",
    "account.alias_added": "other name or id added",
    "account.released": "account released",
    "contact.registered": "contact made known",
    "contact.released": "contact released",
    "score.adjusted": "one person's word",
    "review.due": "time passed",
    "custom.tracked": "event",
}
"""Others are called by their type: `meeting.held` is `meeting held`."""


def summary_of(type: str, data: Data | None = None) -> str:
    """Of a fact type, with or without version, and the fact's data."""
    name = unversioned(type)
    label = _LABELS.get(name) or re.sub(r"[._]", " ", name)
    details = [text for text in _details(name)(data or {}) if text]
    return f"{label}: {_shortened(', '.join(details))}" if details else label


def page_path(url: object) -> str:
    """The path of an address on the web, without query and fragment; empty for anything else."""
    found = _WEB_ADDRESS.match(url) if isinstance(url, str) else None
    return found[1] or "/" if found else ""


def _details(name: str) -> Detail:
    return _DETAILS.get(name) or _DETAILS.get(name.partition(".")[0]) or _no_details


def _no_details(data: Data) -> Iterator[str]:
    yield from ()


def _page(data: Data) -> Iterator[str]:
    yield page_path(data.get("url")) or _text(data.get("title"))


def _form(data: Data) -> Iterator[str]:
    path = page_path(data.get("url"))
    yield _text(data.get("form"))
    yield f"on {path}" if path else ""


def _search(data: Data) -> Iterator[str]:
    yield _text(data.get("query"))


def _mail(data: Data) -> Iterator[str]:
    yield page_path(data.get("url"))
    yield _text(data.get("campaign"))
    yield _text(data.get("subject"))
    yield _text(data.get("reason"))


def _talk(data: Data) -> Iterator[str]:
    """Of meetings, events, calls and chats."""
    for field in ("event", "title", "kind", "direction"):
        yield _text(data.get(field))
    yield page_path(data.get("url"))
    minutes = data.get("minutes")
    yield f"{_text(minutes)} min" if _text(minutes) else ""


def _ad(data: Data) -> Iterator[str]:
    yield _text(data.get("campaign"))
    yield _text(data.get("ad"))


def _product(data: Data) -> Iterator[str]:
    for field in ("feature", "count", "reason"):
        yield _text(data.get(field))


def _custom(data: Data) -> Iterator[str]:
    yield _text(data.get("name"))


def _survey(data: Data) -> Iterator[str]:
    score = _text(data.get("score"))
    yield f"{score} of 10" if score else ""


def _opportunity(data: Data) -> Iterator[str]:
    yield _text(data.get("opportunity"))
    yield _text(data.get("stage"))
    yield " ".join(filter(None, (_text(data.get("amount")), _text(data.get("currency")))))
    yield _text(data.get("reason"))


def _account(data: Data) -> Iterator[str]:
    for field in ("by", "reason"):
        yield _text(data.get(field))
    for field, value in data.items():
        if field not in ("by", "reason", "domains", "properties"):
            yield f"{field} {_text(value)}" if _text(value) else f"{field} unknown" if value is None else ""


def _contact(data: Data) -> Iterator[str]:
    for field in ("role", "seniority"):
        yield f"{field} {_text(data.get(field))}" if _text(data.get(field)) else ""
    yield _text(data.get("reason"))


def _handoff(data: Data) -> Iterator[str]:
    yield _text(data.get("handoff"))
    by, to = _text(data.get("by")), _text(data.get("to"))
    yield f"by {by}" if by else ""
    yield f"to {to}" if to else ""
    for field in ("reason", "note", "opportunity"):
        yield _text(data.get(field))


def _adjustment(data: Data) -> Iterator[str]:
    """One person's word, so with its author."""
    points, author = data.get("points"), _text(data.get("author"))
    if isinstance(points, int | float) and not isinstance(points, bool):
        yield f"{points:+g} points"
    yield f"by {author}" if author else "by nobody named"
    yield _text(data.get("reason"))


_DETAILS: dict[str, Detail] = {
    "web": _page,
    "web.form_submitted": _form,
    "web.searched": _search,
    "email": _mail,
    "meeting": _talk,
    "event": _talk,
    "call": _talk,
    "chat": _talk,
    "ad": _ad,
    "product": _product,
    "custom": _custom,
    "nps": _survey,
    "opportunity": _opportunity,
    "account": _account,
    "contact": _contact,
    "handoff": _handoff,
    "score": _adjustment,
}
"""By type, else by family."""


def _text(value: object) -> str:
    """Texts, numbers and yes or no; anything else is left out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(str(value).split()) if isinstance(value, str | int) else ""


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_DETAIL_LENGTH else f"{text[: MAX_DETAIL_LENGTH - 1]}…"
