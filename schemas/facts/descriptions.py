"""What fact types and their fields mean, with an example of each field, for people who write models."""

from typing import Any, NamedTuple

from schemas.facts.kinds import Kind, field_kinds
from schemas.facts.registry import CONTROL_TYPES, STRUCTURE_TYPES, TYPE_NAMES, unversioned

_NOT_FOR_RULES = {unversioned(type_) for type_ in CONTROL_TYPES | STRUCTURE_TYPES} | {"score.adjusted"}

RULE_TYPES = tuple(sorted(TYPE_NAMES - _NOT_FOR_RULES))
"""The types that rules may name and facts can have, without version."""

TYPE_MEANINGS = {
    "account.alias_added": "the account has another id or name in one of your systems",
    "account.domain_claimed": "a domain was assigned to the account",
    "account.registered": "the company became known, with its firmographics",
    "account.released": "the account may be addressed again",
    "account.suppressed": "the account must not be addressed",
    "account.updated": "firmographics of the company changed",
    "ad.clicked": "somebody clicked one of your ads",
    "call.connected": "somebody of the company was reached on the phone, or called",
    "chat.held": "a chat with somebody of the company took place",
    "contact.erased": "the person was erased from the vault",
    "contact.identified": "it became known who a visitor is, or which role a contact has",
    "contact.registered": "research or an export made a person known, who has done nothing yet",
    "contact.released": "the contact may be addressed again",
    "contact.suppressed": "the contact must not be addressed",
    "custom.tracked": "another event that one of your systems tracks, by its name",
    "email.bounced": "a mail could not be delivered",
    "email.clicked": "a link in one of your mails was clicked",
    "email.complained": "one of your mails was reported as spam",
    "email.delivered": "one of your mails was delivered; no act of a person",
    "email.opened": "one of your mails was opened, by a person or by a program",
    "email.received": "somebody wrote to you on their own account",
    "email.replied": "somebody answered one of your mails",
    "email.unsubscribed": "somebody unsubscribed from your mails",
    "event.attended": "somebody took part in a webinar, a fair or another event",
    "event.registered": "somebody registered for an event",
    "handoff.accepted": "sales accepted a handoff",
    "handoff.assigned": "a handoff was given to a person of sales",
    "handoff.converted": "a handoff became an opportunity",
    "handoff.expired": "nobody of sales answered a handoff in time",
    "handoff.recycled": "sales gave a handoff back after working on it",
    "handoff.rejected": "sales rejected a handoff",
    "meeting.booked": "a meeting was arranged",
    "meeting.canceled": "a meeting was called off",
    "meeting.held": "a meeting took place",
    "meeting.missed": "somebody did not come to a meeting",
    "nps.answered": "a customer said how likely they are to recommend you",
    "opportunity.advanced": "an opportunity moved to another stage",
    "opportunity.lost": "an opportunity was lost",
    "opportunity.opened": "an opportunity was opened in the CRM",
    "opportunity.won": "an opportunity was won",
    "product.canceled": "a subscription or a trial was ended",
    "product.signed_up": "somebody signed up for the product",
    "product.trial_started": "a trial began",
    "product.used": "somebody used the product",
    "referral.made": "somebody recommended you",
    "web.content_downloaded": "somebody downloaded a file from your site",
    "web.form_submitted": "somebody sent a form on your site",
    "web.page_viewed": "somebody looked at a page of your site",
    "web.searched": "somebody searched on your site",
}

_FIELDS: dict[str, tuple[str, Any]] = {
    "ad": ("name of the ad", "spring-banner"),
    "amount": ("value of the opportunity", 24000),
    "attendees": ("how many take part, or their pseudonyms", 3),
    "bot": ("made by a program; such facts match no rule", False),
    "by": ("who did it, by a short name", "anna"),
    "campaign": ("name of the campaign", "spring-2026"),
    "comment": ("what the customer wrote", "does what it should"),
    "contact": ("pseudonym of the person", "c_7d2kq0x4mzra"),
    "count": ("how often", 12),
    "country": ("code of two letters, ISO 3166", "DE"),
    "currency": ("code of three letters, ISO 4217", "EUR"),
    "customer": ("whether the company is a customer", False),
    "direction": ("`inbound` or `outbound`", "inbound"),
    "domain": ("the domain that was assigned", "acme.de"),
    "domains": ("internet domains of the company", ["acme.com", "acme.de"]),
    "duration_s": ("seconds on the page", 42),
    "employees": ("number of employees", 800),
    "event": ("name of the event", "process-days-2026"),
    "feature": ("part of the product", "export"),
    "form": ("name of the form", "demo"),
    "handoff": ("id of the handoff", "acme.com/acquisition/1"),
    "id": ("id in the other system", "1002"),
    "industry": ("industry, in the words of your CRM", "biotechnology"),
    "kind": ("kind of the event, such as `webinar` or `trade_fair`", "webinar"),
    "machine": ("a program did it, such as a scanner of mails", False),
    "meeting": ("id of the meeting", "m-2026-01-07"),
    "message": ("id of the mail, the same for all that happens to it", "msg-4711"),
    "minutes": ("how long, in minutes", 45),
    "name": ("name of the company", "Acme GmbH"),
    "note": ("what was written down about it", "asked for a second site"),
    "opportunity": ("id of the opportunity in the CRM", "opp-17"),
    "owner": ("who of you is responsible, by a short name", "anna"),
    "parent": ("id of the parent company's account", "acme-holding.com"),
    "properties": ("what the system tracks with the event; write `properties.plan`", {"plan": "team"}),
    "query": ("what was searched for", "price list"),
    "reason": ("why, in a few words", "no budget this year"),
    "referred": ("id of the account that was recommended to you", "beta.com"),
    "referrer": ("page that the visitor came from", "https://search.example/"),
    "revenue": ("yearly revenue", 120000000),
    "role": ("role of the contact, as the model names it", "decision_maker"),
    "score": ("answer from 0 to 10", 9),
    "segment": ("segment, in the words of your CRM", "enterprise"),
    "seniority": ("seniority of the contact", "director"),
    "stage": ("stage of the opportunity in the CRM", "proposal"),
    "starts_at": ("when the meeting begins", "2026-01-07T09:00:00Z"),
    "subject": ("subject of the mail", "Offer for Acme"),
    "system": ("the other system", "hubspot"),
    "target": ("whether it is a target account", True),
    "title": ("title of the page or the file", "Prices"),
    "to": ("account of the contact", "acme.com"),
    "url": ("address of the page, without most of its parameters", "https://www.example.com/pricing"),
    "visitor": ("pseudonym of the visitor", "v_boq5auzbruvp"),
}
"""field -> meaning, example."""
_FIELDS_OF_TYPES: dict[tuple[str, str], tuple[str, Any]] = {
    ("account.alias_added", "name"): ("name in the other system", "Acme Sales"),
    ("custom.tracked", "name"): ("name of the event", "Plan Selected"),
    ("email.bounced", "reason"): ("why, in the words of the mail server", "user unknown"),
    ("email.clicked", "url"): ("address of the link", "https://www.example.com/pricing"),
    **{
        (f"meeting.{outcome}", "title"): ("title of the meeting", "Introduction")
        for outcome in ("booked", "held", "canceled", "missed")
    },
    ("handoff.assigned", "to"): ("who shall answer it, by a short name", "ben"),
}
"""Where a field means something else in one type."""


class FieldText(NamedTuple):
    field: str
    kinds: frozenset[Kind]
    meaning: str
    example: Any


def field_texts(type_name: str) -> list[FieldText]:
    """The fields of a type without version, in their order, `bot` last; KeyError if one has no description."""
    kinds = field_kinds(type_name)
    names = sorted(kinds, key=lambda name: name == "bot")
    return [FieldText(name, kinds[name], *_text_of(type_name, name)) for name in names]


def sample_of(type_name: str) -> dict[str, Any]:
    """Data that a fact of this type may have, without marks of programs."""
    return {text.field: text.example for text in field_texts(type_name) if text.field not in ("bot", "machine")}


def _text_of(type_name: str, field: str) -> tuple[str, Any]:
    return _FIELDS_OF_TYPES.get((type_name, field)) or _FIELDS[field]
