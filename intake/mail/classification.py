"""Distinguishes mails of persons from those of programs, by headers alone."""

import re

from intake.mail.headers import Headers, decoded_header, first_value, message_ids
from intake.mail.phrases import ABSENCE_SUBJECT

_LIST_HEADERS = (
    "list-id",
    "list-post",
    "list-unsubscribe",
    "mailing-list",
    "x-mailing-list",
    "x-beenthere",
    "x-mailman-version",
    "x-list-received-date",
)
_LIST_NAME = re.compile(r"<([^<>\s]+)>|^([^<>\s]+\.[^<>\s]+)$")
_ROBOT_SENDER = re.compile(r"(?i)^(?:no-?_?reply|do-?_?not-?_?reply|mailer-daemon|bounces?)(?:[+@-]|$)")
_TRACKER_PREFIXES = ("x-github-", "x-gitlab-", "x-jira-", "x-bugzilla-", "x-gerrit-", "x-launchpad-")
_FALSE_VALUES = frozenset({"", "no", "false", "0"})


def is_report(headers: Headers) -> bool:
    """Whether it is a delivery report, read receipt or complaint (multipart/report, RFC 6522)."""
    return first_value(headers, "content-type").lower().startswith("multipart/report")


def is_bounce(headers: Headers) -> bool:
    """Whether the headers show a report about an undelivered mail."""
    kind = first_value(headers, "content-type").lower()
    if is_report(headers):
        return "delivery-status" in kind or "report-type" not in kind
    return "x-failed-recipients" in headers


def automatic_reason(headers: Headers, sender: str) -> str | None:
    """The evidence that a program wrote this mail, or None."""
    submitted = first_value(headers, "auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    if submitted not in _FALSE_VALUES:
        return f"Auto-Submitted: {submitted[:40]}"
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from"):
        if first_value(headers, name).lower() not in _FALSE_VALUES:
            return name
    return _precedence_reason(headers) or _robot_reason(headers, sender) or _absence_reason(headers)


def list_id(headers: Headers) -> str | None:
    """The mailing list's own name (RFC 2919), in lower case, without brackets."""
    match = _LIST_NAME.search(first_value(headers, "list-id"))
    return (match[1] or match[2]).lower()[:200] if match else None


def is_list_mail(headers: Headers) -> bool:
    """Whether it came through a mailing list. List software marks people's mails with `Precedence: bulk`, too."""
    return any(name in headers for name in _LIST_HEADERS)


def referenced_ids(headers: Headers) -> list[str]:
    """The messages that it may reply to, best first: In-Reply-To, then References from right to left."""
    direct = [one for value in headers.get("in-reply-to", ()) for one in message_ids(value)]
    thread = [one for value in headers.get("references", ()) for one in message_ids(value)]
    return list(dict.fromkeys((*direct, *reversed(thread))))


def _precedence_reason(headers: Headers) -> str | None:
    precedence = first_value(headers, "precedence").strip().lower()
    if precedence in ("auto_reply", "auto-reply"):
        return "Precedence: auto_reply"
    if precedence in ("bulk", "junk") and not is_list_mail(headers):
        return f"Precedence: {precedence}"
    return None


def _robot_reason(headers: Headers, sender: str) -> str | None:
    if _ROBOT_SENDER.match(sender):
        return "a no-reply sender"
    if any(name.startswith(_TRACKER_PREFIXES) for name in headers):
        return "a notification of an issue tracker"
    return "an empty Return-Path" if first_value(headers, "return-path").strip() == "<>" else None


def _absence_reason(headers: Headers) -> str | None:
    """A subject such as "Out of office" counts only together with a header: people write about offices, too."""
    hinted = "x-auto-response-suppress" in headers or first_value(headers, "precedence").lower() in ("bulk", "junk")
    return (
        "an absence note" if hinted and ABSENCE_SUBJECT.match(decoded_header(first_value(headers, "subject"))) else None
    )
