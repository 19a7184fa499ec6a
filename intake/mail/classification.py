"""Distinguishes mails of persons from those of programs. The reasons are a small vocabulary: results count by them."""

import re

from intake.domains import is_own_domain
from intake.mail.addresses import read_addresses
from intake.mail.authors import list_id
from intake.mail.headers import Headers, bare_subject, decoded_header, first_value, is_answer_subject, subject_of
from intake.mail.parts import Part, content_parameter
from intake.mail.phrases import (
    ABSENCE_SUBJECT,
    BOUNCE_SUBJECT,
    CHAT_LABELS,
    DRAFT_LABELS,
    INVITATION_ANSWER,
    READ_RECEIPT,
    TRASH_LABELS,
)

AUTOMATIC = "an automatic answer"
PROGRAM = "a mail of a program"
INVITATION = "an answer to an invitation"
UPDATE = "an invitation"
RECEIPT = "a read receipt"

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
_CAMPAIGN_HEADERS = ("feedback-id", "x-csa-complaints", "x-report-abuse", "x-campaign", "x-campaign-id", "x-campaignid")
_AUTOMATIC_HEADER = re.compile(
    r"x-(?:[a-z]{1,20}-){0,3}(?:[a-z]{1,4})?auto-?(?:reply|replied|respond(?:er|ed)?|response|generated|notify|sent|"
    r"submitted)(?:-(?:from|domain|to|id|loop|sent|message|type))?|auto-?(?:reply|responder)|"
    r"x-(?:[a-z]{1,20}-){0,2}(?:vacation|out-?of-?office)|x-away-notify|x-fc-machinegenerated|x-cron-env"
)
"""Those of RFC 3834's time and later, as FreeScout, Zammad and MimeKit list them; any value but `no` counts.

X-Auto-Response-Suppress only asks others."""
_PRECEDENCE_HEADERS = ("precedence", "x-precedence", "preference", "x-preference")
_AUTOMATIC_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "autoreply", "auto", "vacation"})
_AUTOMATIC_MAILER = re.compile(r"vacation\b|.{0,40}auto-?(?:reply|respond)", re.IGNORECASE)
_ROBOT_SENDER = re.compile(
    r"(?:.{1,60}[-_.])?(?:no-?_?reply|do-?_?not-?_?reply|noresponder|auto-?_?(?:reply|responder|antwort)|bounces?|notifications?)"
    r"(?:[+@_.-]|$)"
)
_MAIL_SERVER = re.compile(
    r"microsoftexchange[0-9a-f]{8}|(?:mailer-?_?daemon|mail-?_?daemon|postmaster)(?:[+@ <-]|$)|"
    r"mail[- ]?delivery[- ]?(?:system|subsystem)(?:[+@ <-]|$)"
)
_SERVER_LIKE = re.compile(
    r"(?:(?:system|mail|server)[-_.]?)?(?:admin(?:istrator)?|system|exchange|mailserver|root|mdaemon|imss)@"
    r"|[\w.-]{0,30}smtp[\w.-]{0,30}@"
)
_TRACKER_PREFIXES = (
    "x-github-",
    "x-gitlab-",
    "x-jira-",
    "x-bugzilla-",
    "x-gerrit-",
    "x-launchpad-",
    "x-redmine-",
    "x-phabricator-",
    "x-trac-",
)
_LABEL_HEADERS = ("x-gmail-labels", "x-mozilla-keys", "x-keywords", "x-folder")
_SPAM_HEADERS = ("x-spam-flag", "x-spam-status", "x-spam", "x-bogosity")
_EXCHANGE_LEVEL, _EXCHANGE_REPORT = "x-ms-exchange-organization-scl", "x-forefront-antispam-report"
_MARK_HEADERS = frozenset({*_LABEL_HEADERS, *_SPAM_HEADERS, _EXCHANGE_LEVEL, _EXCHANGE_REPORT, "x-mozilla-draft-info"})
_EXCHANGE_SPAM = re.compile(r"(?:^|;)\s*SFV:(?:SPM|SKB|SKS)\b", re.IGNORECASE)
"""Verdicts of Microsoft's filter: spam, a blocked sender, marked by a rule
(https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo)."""
_FALSE_VALUES = frozenset({"", "no", "false", "0"})
_CALENDAR_ANSWERS = frozenset({"reply", "counter", "cancel", "refresh", "declinecounter"})
_CALENDAR_METHOD = re.compile(rb"(?im)^METHOD:\s{0,5}([A-Z]{3,20})")
_CALENDAR_SEQUENCE = re.compile(rb"(?im)^SEQUENCE:\s{0,5}0{0,5}[1-9]")
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_FORGED = re.compile(r"\bdmarc\s?=\s?fail\b", re.IGNORECASE)


def is_report(headers: Headers) -> bool:
    """Whether it is a delivery report, read receipt or complaint (multipart/report, RFC 6522)."""
    return first_value(headers, "content-type").strip().lower().startswith("multipart/report")


def is_bounce(headers: Headers, sender: str) -> bool:
    """Whether it is a report about an undelivered mail: by its form, or as a mail server writes it in its own words."""
    if is_report(headers):
        return content_parameter(headers, "report-type").lower() in ("", "delivery-status")
    if "x-failed-recipients" in headers or "x-ms-exchange-message-is-ndr" in headers:
        return True
    if _MAIL_SERVER.match(sender):
        return True
    subject = subject_of(headers)
    returned = first_value(headers, "return-path").strip().lower()
    suspect = (
        returned == "<>"
        or _MAIL_SERVER.match(returned.lstrip("<")) is not None
        or (_SERVER_LIKE.match(sender) is not None and not is_answer_subject(subject))
    )
    return suspect and BOUNCE_SUBJECT.match(bare_subject(subject)) is not None


def label_reason(headers: Headers) -> str | None:
    """Why a person or a filter has put the mail aside (labels of Gmail and Thunderbird, marks of spam filters)."""
    if not headers.keys() & _MARK_HEADERS:
        return None
    labels = {
        label.strip(' "').lower()
        for name in _LABEL_HEADERS
        for value in headers.get(name, ())
        for label in decoded_header(value).replace(" ", "," if name == "x-mozilla-keys" else " ").split(",")
    }
    if labels & TRASH_LABELS or _is_marked_as_spam(headers):
        return "spam or trash"
    if labels & CHAT_LABELS:
        return "a chat"
    return "a draft" if labels & DRAFT_LABELS or first_value(headers, "x-mozilla-draft-info") else None


def _is_marked_as_spam(headers: Headers) -> bool:
    if any(first_value(headers, name).strip().lower().startswith(("yes", "spam", "true")) for name in _SPAM_HEADERS):
        return True
    if first_value(headers, _EXCHANGE_LEVEL).strip() in ("5", "6", "7", "8", "9"):
        return True
    return _EXCHANGE_SPAM.search(first_value(headers, _EXCHANGE_REPORT)) is not None


def automatic_reason(headers: Headers, sender: str) -> str | None:
    """Which kind of program wrote this mail, or None for a person."""
    submitted = first_value(headers, "auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    if submitted not in _FALSE_VALUES or any(
        first_value(headers, name).strip().lower() not in _FALSE_VALUES
        for name in headers
        if _AUTOMATIC_HEADER.fullmatch(name)
    ):
        return AUTOMATIC
    if _has_automatic_precedence(headers) or _is_delivered_to_program(headers) or _is_absence_note(headers):
        return AUTOMATIC
    return PROGRAM if _is_program(headers, sender) else None


def invitation_reason(headers: Headers, parts: list[Part]) -> str | None:
    """Whether a calendar answers an invitation: by the method of its part (RFC 6047), or by its subject."""
    if calendar_method(parts) in _CALENDAR_ANSWERS:
        return INVITATION
    subject = subject_of(headers)
    is_first = not is_answer_subject(subject)
    return INVITATION if is_first and INVITATION_ANSWER.match(bare_subject(subject)) else None


def is_update(parts: list[Part]) -> bool:
    """Whether a calendar sends an invitation again that its owner has changed. A first one may be a person's answer."""
    part = _calendar_part(parts)
    found = _CALENDAR_SEQUENCE.search(part.content()[:65_536]) if part else None
    return found is not None and calendar_method(parts) == "request"


def is_read_receipt(headers: Headers) -> bool:
    """Whether a mail program tells that a mail was opened, or deleted unread, in words and not as a report."""
    subject = subject_of(headers)
    return not is_answer_subject(subject) and READ_RECEIPT.match(bare_subject(subject)) is not None


def calendar_method(parts: list[Part]) -> str:
    """The method of the first calendar part in lower case (`request`, `reply`); empty without one."""
    part = _calendar_part(parts)
    if part is None:
        return ""
    found = _CALENDAR_METHOD.search(part.content()[:4_096])
    return (part.parameter("method") or (found[1].decode() if found else "")).lower()


def _calendar_part(parts: list[Part]) -> Part | None:
    return next((part for part in parts if part.kind in ("text/calendar", "application/ics")), None)


def is_list_mail(headers: Headers, own_domains: frozenset[str] = frozenset()) -> bool:
    """Whether it came through a mailing list, but for groups of our own domains."""
    identifier = list_id(headers)
    if identifier is not None and is_own_domain(identifier, own_domains):
        return False
    return any(name in headers for name in (*_LIST_HEADERS, *_CAMPAIGN_HEADERS))


def first_contact_obstacle(headers: Headers, own_domains: frozenset[str]) -> str | None:
    """Why a mail that answers nothing is no first contact with us; None if it is one."""
    if not own_domains:
        return "no own domains given"
    if is_list_mail(headers, own_domains):
        return "a mail of a list"
    recipients = (
        one.domain
        for name in ("to", "cc", "delivered-to")
        for value in headers.get(name, ())
        for one in read_addresses(value)
    )
    if not any(is_own_domain(domain, own_domains) for domain in recipients):
        return "not addressed to us"
    # Only the topmost result is that of the mail server which delivered the mail; others may come from anybody.
    results = _COMMENT.sub(" ", first_value(headers, "authentication-results"))
    return "forged" if _FORGED.search(results) else None


def _has_automatic_precedence(headers: Headers) -> bool:
    return any(first_value(headers, name).strip().lower() in _AUTOMATIC_PRECEDENCE for name in _PRECEDENCE_HEADERS)


def _is_delivered_to_program(headers: Headers) -> bool:
    values = [value.strip().lower() for value in headers.get("delivered-to", ())]
    if "autoresponder" in values or "autoresponder" in first_value(headers, "x-post-messageclass").lower():
        return True
    return _AUTOMATIC_MAILER.match(first_value(headers, "x-mailer").strip()) is not None


def _is_bulk(headers: Headers) -> bool:
    return first_value(headers, "precedence").strip().lower() in ("bulk", "junk")


def _is_program(headers: Headers, sender: str) -> bool:
    """List software marks people's mails with `Precedence: bulk`, too."""
    return (
        _ROBOT_SENDER.match(sender) is not None
        or any(name.startswith(_TRACKER_PREFIXES) for name in headers)
        or (_is_bulk(headers) and not is_list_mail(headers))
        or first_value(headers, "return-path").strip() == "<>"
    )


def _is_absence_note(headers: Headers) -> bool:
    """A subject such as "Out of office" counts only together with a header: people write about offices, too."""
    hinted = "x-auto-response-suppress" in headers or _is_bulk(headers)
    return hinted and ABSENCE_SUBJECT.match(bare_subject(subject_of(headers))) is not None
