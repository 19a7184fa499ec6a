"""What Segment's events and traits are called here. A table: never judges who somebody is."""

import re
from collections.abc import Callable
from typing import Any

from intake.domains import claimable
from intake.segment.calls import first, part

Fields = dict[str, Any]


def known_event(name: str, properties: Fields) -> tuple[str, Fields] | None:
    """Type and data of an event of the B2B, e-mail and chat specifications; None where it is another.

    Sources: https://segment.com/docs/connections/spec/b2b-saas/, …/email/, …/live-chat/.
    """
    entry = _EVENTS.get(re.sub(r"[\W_]+", " ", name).strip().lower())
    return (entry[0], entry[1](properties)) if entry else None


def firmographics(traits: Fields) -> Fields:
    """Fields of `account.updated` from the traits of a group; what is not there is left out."""
    domain = domain_of(traits)
    return _given(
        name=first(traits, "name", "company_name"),
        domains=[domain] if domain else None,
        industry=first(traits, "industry"),
        employees=number(traits, "employees", "employee_count"),
        revenue=number(traits, "annual_revenue", "annualRevenue", "revenue"),
        country=first(part(traits, "address"), "country") or first(traits, "country"),
        segment=first(traits, "segment"),
        owner=first(traits, "owner"),
        customer=_truth(traits.get("customer")),
        target=_truth(traits.get("target")),
        parent=first(traits, "parent"),
    )


def domain_of(traits: Fields) -> str | None:
    """The domain of a company by its traits."""
    named = first(traits, "domain", "website", "url")
    return claimable(named) if named else None


def page(name: str | None, properties: Fields, context: Fields) -> Fields:
    """Data of `web.page_viewed` of a page or screen."""
    seen = part(context, "page")
    return _given(
        url=first(properties, "url") or first(seen, "url") or first(properties, "path") or first(seen, "path"),
        referrer=first(properties, "referrer") or first(seen, "referrer"),
        title=first(properties, "title") or name or first(seen, "title"),
        duration_s=number(properties, "duration_s", "duration"),
    )


def standing(traits: Fields) -> Fields:
    """Role and seniority of a person; a title gives its seniority only, because roles are the model's own words."""
    role = first(traits, "role", "buying_role", "buyingRole")
    title = first(traits, "title", "job_title", "jobTitle", "position")
    seniority = first(traits, "seniority") or next(
        (rank for rank, word in _RANKS if title and word.search(title)), None
    )
    return _given(role=re.sub(r"[\W_]+", "_", role).strip("_").lower() if role else None, seniority=seniority)


def number(fields: Fields, *names: str) -> float | int | None:
    """The first of these fields that is a number, or a text that reads as one."""
    for name in names:
        given = fields.get(name)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return given
        if isinstance(given, str) and re.fullmatch(r"-?\d{1,15}(?:\.\d{1,6})?", given.strip()):
            return float(given) if "." in given else int(given)
    return None


def _given(**fields: Any) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _truth(given: Any) -> bool | None:
    return given if isinstance(given, bool) else None


def _mail(properties: Fields) -> Fields:
    return _given(
        campaign=first(properties, "campaign_name", "campaign", "campaign_id"),
        message=first(properties, "email_id", "message_id", "message"),
        subject=first(properties, "email_subject", "subject"),
    )


def _opened(properties: Fields) -> Fields:
    return _mail(properties) | _given(machine=_truth(properties.get("machine")))


def _clicked(properties: Fields) -> Fields:
    return _mail(properties) | _given(url=first(properties, "link_url", "url"))


def _bounced(properties: Fields) -> Fields:
    return _mail(properties) | _given(reason=first(properties, "reason", "bounce_type"))


def _form(properties: Fields) -> Fields:
    form = first(properties, "form", "form_name", "formName", "form_id", "formId", "name", "title")
    return _given(form=form, url=first(properties, "url"))


def _named_form(form: str) -> Callable[[Fields], Fields]:
    return lambda properties: _given(form=form, url=first(properties, "url"))


def _download(properties: Fields) -> Fields:
    title = first(properties, "title", "name", "content", "file_name", "asset")
    return _given(url=first(properties, "url", "file_url"), title=title)


def _search(properties: Fields) -> Fields:
    return _given(query=first(properties, "query", "search", "term"), url=first(properties, "url"))


def _product(properties: Fields) -> Fields:
    feature = first(properties, "feature", "feature_name", "plan", "trial_plan_name")
    return _given(feature=feature, count=number(properties, "count"))


def _signed_in(properties: Fields) -> Fields:
    return {"feature": "sign_in"} | _product(properties)


def _canceled(properties: Fields) -> Fields:
    return _product(properties) | _given(reason=first(properties, "reason"))


def _occasion(properties: Fields) -> Fields:
    return _given(event=first(properties, "event", "webinar", "name", "title"), kind=first(properties, "kind", "type"))


def _webinar(properties: Fields) -> Fields:
    return {"kind": "webinar"} | _occasion(properties)


def _meeting(properties: Fields) -> Fields:
    return _given(
        meeting=first(properties, "meeting", "meeting_id", "id"),
        title=first(properties, "title", "name"),
        starts_at=first(properties, "starts_at", "start_time"),
        minutes=number(properties, "minutes", "duration_minutes"),
    )


def _chat(properties: Fields) -> Fields:
    seconds = number(properties, "conversation_duration")
    minutes = seconds / 60 if seconds is not None else number(properties, "minutes")
    return _given(minutes=minutes, url=first(properties, "url"))


def _ad(properties: Fields) -> Fields:
    ad = first(properties, "ad", "ad_id", "creative")
    return _given(campaign=first(properties, "campaign_name", "campaign"), ad=ad, url=first(properties, "url"))


_EVENTS: dict[str, tuple[str, Callable[[Fields], Fields]]] = {
    "email delivered": ("email.delivered.v1", _mail),
    "email opened": ("email.opened.v1", _opened),
    "email link clicked": ("email.clicked.v1", _clicked),
    "email clicked": ("email.clicked.v1", _clicked),
    "email replied": ("email.replied.v1", _mail),
    "email bounced": ("email.bounced.v1", _bounced),
    "email marked as spam": ("email.complained.v1", _mail),
    "unsubscribed": ("email.unsubscribed.v1", _mail),
    "email unsubscribed": ("email.unsubscribed.v1", _mail),
    "form submitted": ("web.form_submitted.v1", _form),
    "demo requested": ("web.form_submitted.v1", _named_form("demo")),
    "contact requested": ("web.form_submitted.v1", _named_form("contact")),
    "content downloaded": ("web.content_downloaded.v1", _download),
    "file downloaded": ("web.content_downloaded.v1", _download),
    "products searched": ("web.searched.v1", _search),
    "site searched": ("web.searched.v1", _search),
    "signed up": ("product.signed_up.v1", _product),
    "trial started": ("product.trial_started.v1", _product),
    "signed in": ("product.used.v1", _signed_in),
    "product used": ("product.used.v1", _product),
    "feature used": ("product.used.v1", _product),
    "account deleted": ("product.canceled.v1", _canceled),
    "subscription canceled": ("product.canceled.v1", _canceled),
    "subscription cancelled": ("product.canceled.v1", _canceled),
    "event registered": ("event.registered.v1", _occasion),
    "event attended": ("event.attended.v1", _occasion),
    "webinar registered": ("event.registered.v1", _webinar),
    "webinar attended": ("event.attended.v1", _webinar),
    "meeting booked": ("meeting.booked.v1", _meeting),
    "meeting held": ("meeting.held.v1", _meeting),
    "meeting canceled": ("meeting.canceled.v1", _meeting),
    "live chat conversation ended": ("chat.held.v1", _chat),
    "ad clicked": ("ad.clicked.v1", _ad),
}

_RANKS = (
    (
        "c_level",
        re.compile(r"\b(?:chief|ceo|cto|cfo|coo|cio|cmo|founder|owner|managing director|geschäftsführ\w+)\b", re.I),
    ),
    ("vp", re.compile(r"\b(?:vp|svp|evp|vice president)\b", re.I)),
    ("director", re.compile(r"\b(?:director|head|leiter(?:in)?)\b", re.I)),
    ("manager", re.compile(r"\bmanager(?:in)?\b", re.I)),
)
