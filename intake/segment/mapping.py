"""Maps Segment's events, pages and traits to fact types and their fields."""

import re
from collections.abc import Callable
from typing import Any

from intake.countries import country_of
from intake.domains import claimable_domain, is_free_mail
from intake.firmographics import headcount_of, number_of
from intake.platforms import is_shared_platform
from intake.segment.calls import first_text, object_at

Fields = dict[str, Any]


def mapped_event(name: str, properties: Fields) -> tuple[str, Fields] | None:
    """Type and data of an event of the B2B, e-mail and chat specifications; None for other events.

    Sources: https://segment.com/docs/connections/spec/b2b-saas/, …/email/, …/live-chat/.
    """
    entry = _EVENTS.get(re.sub(r"[\W_]+", " ", name).strip().lower())
    return (entry[0], entry[1](properties)) if entry else None


def firmographics(traits: Fields) -> Fields:
    """Fields of `account.updated` from the traits of a group call, read like the columns of a CRM export.

    What is missing or has no meaning is omitted.
    """
    domain = company_domain(traits)
    country = first_text(object_at(traits, "address"), "country") or first_text(traits, "country")
    return _present_fields(
        name=first_text(traits, "name", "company_name"),
        domains=[domain] if domain else None,
        industry=first_text(traits, "industry"),
        employees=_figure(traits, headcount_of, "employees", "employee_count", "employeeCount"),
        revenue=_figure(traits, _amount, "annual_revenue", "annualRevenue", "revenue"),
        country=country_of(country) if country else None,
        segment=first_text(traits, "segment"),
        owner=first_text(traits, "owner"),
        customer=_boolean(traits.get("customer")),
        target=_boolean(traits.get("target")),
        parent=first_text(traits, "parent"),
    )


def company_domain(traits: Fields) -> str | None:
    """The domain of a company, from its traits; None for one that many companies share."""
    named = first_text(traits, "domain", "website", "url") if traits else None
    domain = claimable_domain(named) if named else None
    return domain if domain and not is_free_mail(domain) and not is_shared_platform(domain) else None


def page_fields(name: str | None, properties: Fields, context: Fields) -> Fields:
    """Data of `web.page_viewed` for a page or screen call."""
    page_context = object_at(context, "page")
    return _present_fields(
        url=first_text(properties, "url")
        or first_text(page_context, "url")
        or first_text(properties, "path")
        or first_text(page_context, "path"),
        referrer=first_text(properties, "referrer") or first_text(page_context, "referrer"),
        title=first_text(properties, "title") or name or first_text(page_context, "title"),
        duration_s=first_number(properties, "duration_s", "duration"),
    )


def job_fields(traits: Fields) -> Fields:
    """Role and seniority of a person. A job title yields only the seniority: role names are defined by the model."""
    role = first_text(traits, "role", "buying_role", "buyingRole")
    title = first_text(traits, "title", "job_title", "jobTitle", "position")
    seniority = first_text(traits, "seniority") or next(
        (rank for rank, word in _SENIORITY_PATTERNS if title and word.search(title)), None
    )
    return _present_fields(role=re.sub(r"[\W_]+", "_", role).strip("_").lower() if role else None, seniority=seniority)


def first_number(fields: Fields, *names: str) -> float | int | None:
    """The first of these fields that is a number or a numeric text."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(?:\.\d{1,6})?", value.strip()):
            return float(value) if "." in value else int(value)
    return None


def _figure(traits: Fields, read: Callable[[str], float], *names: str) -> float | int | None:
    """The first of these traits that is a number, or a text that `read` takes for one."""
    for name in names:
        value = traits.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip():
            try:
                return read(value)
            except ValueError:
                continue
    return None


def _amount(text: str) -> int | float:
    """The API is English: `1,200` is 1200."""
    return number_of(text, ".")


def _present_fields(**fields: Any) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return _TRUTH.get(value.strip().lower())
    return value if isinstance(value, bool) else None


_MACHINE_NAMES = frozenset(
    "machine machineopen sgmachineopen machineclick bot botopen botclick scanner prefetched".split()
)
"""`sg_machine_open` (SendGrid), `machine_open` and `is_suspected_bot_click` (Braze), `isBot` (Iterable), `Bot Click`
(Klaviyo), `prefetched` (Customer.io)."""
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _mail_fields(properties: Fields) -> Fields:
    return _present_fields(
        campaign=first_text(properties, "campaign_name", "campaign", "campaign_id"),
        message=first_text(properties, "email_id", "message_id", "message"),
        subject=first_text(properties, "email_subject", "subject"),
    )


def _mail_open_fields(properties: Fields) -> Fields:
    return _mail_fields(properties) | _machine_field(properties)


def _mail_click_fields(properties: Fields) -> Fields:
    link = _present_fields(url=first_text(properties, "link_url", "url"))
    return _mail_fields(properties) | link | _machine_field(properties)


def _machine_field(properties: Fields) -> Fields:
    """Whether a program opened or clicked, under the names that mail services give to it."""
    said = {_boolean(value) for name, value in properties.items() if _folded(name) in _MACHINE_NAMES}
    return {"machine": True} if True in said else _present_fields(machine=_boolean(properties.get("machine")))


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower().removeprefix("is").removeprefix("suspected")


def _mail_bounce_fields(properties: Fields) -> Fields:
    return _mail_fields(properties) | _present_fields(reason=first_text(properties, "reason", "bounce_type"))


def _form_fields(properties: Fields) -> Fields:
    form = first_text(properties, "form", "form_name", "formName", "form_id", "formId", "name", "title")
    return _present_fields(form=form, url=first_text(properties, "url"))


def _fixed_form_fields(form: str) -> Callable[[Fields], Fields]:
    return lambda properties: _present_fields(form=form, url=first_text(properties, "url"))


def _download_fields(properties: Fields) -> Fields:
    title = first_text(properties, "title", "name", "content", "file_name", "asset")
    return _present_fields(url=first_text(properties, "url", "file_url"), title=title)


def _search_fields(properties: Fields) -> Fields:
    return _present_fields(query=first_text(properties, "query", "search", "term"), url=first_text(properties, "url"))


def _product_fields(properties: Fields) -> Fields:
    feature = first_text(properties, "feature", "feature_name", "plan", "trial_plan_name")
    return _present_fields(feature=feature, count=first_number(properties, "count"))


def _sign_in_fields(properties: Fields) -> Fields:
    return {"feature": "sign_in"} | _product_fields(properties)


def _cancellation_fields(properties: Fields) -> Fields:
    return _product_fields(properties) | _present_fields(reason=first_text(properties, "reason"))


def _event_fields(properties: Fields) -> Fields:
    return _present_fields(
        event=first_text(properties, "event", "webinar", "name", "title"), kind=first_text(properties, "kind", "type")
    )


def _webinar_fields(properties: Fields) -> Fields:
    return {"kind": "webinar"} | _event_fields(properties)


def _meeting_fields(properties: Fields) -> Fields:
    return _present_fields(
        meeting=first_text(properties, "meeting", "meeting_id", "id"),
        title=first_text(properties, "title", "name"),
        starts_at=first_text(properties, "starts_at", "start_time"),
        minutes=first_number(properties, "minutes", "duration_minutes"),
    )


def _chat_fields(properties: Fields) -> Fields:
    seconds = first_number(properties, "conversation_duration")
    minutes = seconds / 60 if seconds is not None else first_number(properties, "minutes")
    return _present_fields(minutes=minutes, url=first_text(properties, "url"))


def _ad_fields(properties: Fields) -> Fields:
    ad = first_text(properties, "ad", "ad_id", "creative")
    return _present_fields(
        campaign=first_text(properties, "campaign_name", "campaign"), ad=ad, url=first_text(properties, "url")
    )


_EVENTS: dict[str, tuple[str, Callable[[Fields], Fields]]] = {
    "email delivered": ("email.delivered.v1", _mail_fields),
    "email opened": ("email.opened.v1", _mail_open_fields),
    "email link clicked": ("email.clicked.v1", _mail_click_fields),
    "email clicked": ("email.clicked.v1", _mail_click_fields),
    "email replied": ("email.replied.v1", _mail_fields),
    "email bounced": ("email.bounced.v1", _mail_bounce_fields),
    "email marked as spam": ("email.complained.v1", _mail_fields),
    "unsubscribed": ("email.unsubscribed.v1", _mail_fields),
    "email unsubscribed": ("email.unsubscribed.v1", _mail_fields),
    "form submitted": ("web.form_submitted.v1", _form_fields),
    "demo requested": ("web.form_submitted.v1", _fixed_form_fields("demo")),
    "contact requested": ("web.form_submitted.v1", _fixed_form_fields("contact")),
    "content downloaded": ("web.content_downloaded.v1", _download_fields),
    "file downloaded": ("web.content_downloaded.v1", _download_fields),
    "products searched": ("web.searched.v1", _search_fields),
    "site searched": ("web.searched.v1", _search_fields),
    "signed up": ("product.signed_up.v1", _product_fields),
    "trial started": ("product.trial_started.v1", _product_fields),
    "signed in": ("product.used.v1", _sign_in_fields),
    "product used": ("product.used.v1", _product_fields),
    "feature used": ("product.used.v1", _product_fields),
    "account deleted": ("product.canceled.v1", _cancellation_fields),
    "subscription canceled": ("product.canceled.v1", _cancellation_fields),
    "subscription cancelled": ("product.canceled.v1", _cancellation_fields),
    "event registered": ("event.registered.v1", _event_fields),
    "event attended": ("event.attended.v1", _event_fields),
    "webinar registered": ("event.registered.v1", _webinar_fields),
    "webinar attended": ("event.attended.v1", _webinar_fields),
    "meeting booked": ("meeting.booked.v1", _meeting_fields),
    "meeting held": ("meeting.held.v1", _meeting_fields),
    "meeting canceled": ("meeting.canceled.v1", _meeting_fields),
    "live chat conversation ended": ("chat.held.v1", _chat_fields),
    "ad clicked": ("ad.clicked.v1", _ad_fields),
}

_SENIORITY_PATTERNS = (
    (
        "c_level",
        re.compile(r"\b(?:chief|ceo|cto|cfo|coo|cio|cmo|founder|owner|managing director|geschäftsführ\w+)\b", re.I),
    ),
    ("vp", re.compile(r"\b(?:vp|svp|evp|vice president)\b", re.I)),
    ("director", re.compile(r"\b(?:director|head|leiter(?:in)?)\b", re.I)),
    ("manager", re.compile(r"\bmanager(?:in)?\b", re.I)),
)
