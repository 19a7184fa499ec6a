"""Rows of tables of contacts: the account of each. A contact without one is rejected, never anonymous."""

from intake.domains import business_domain
from intake.observation import Observation
from intake.recorder.attribution import Attribution, AttributionSignals, Attributor

CONTACT_REGISTERED = "contact.registered.v1"
TYPES = frozenset({CONTACT_REGISTERED, "contact.suppressed.v1"})


def is_contact_row(observation: Observation) -> bool:
    """Whether the observation is of a table, which names a company."""
    return observation.type in TYPES and observation.account is None and not observation.trusted


def attribution_of(attributor: Attributor, observation: Observation, signals: AttributionSignals) -> Attribution | None:
    """By the company's id, then its name, then its domain, then by the person. None if there is no account."""
    company = AttributionSignals(
        company=signals.company,
        company_name=signals.company_name,
        other_company_name=signals.other_company_name,
    )
    domain = business_domain(observation.host) if observation.host else None
    person = AttributionSignals(contact=signals.contact, email_domain=signals.email_domain)
    clues = (company, AttributionSignals(email_domain=domain), person)
    return next((found for each in clues if (found := attributor.attribute(each))), None)


def no_account_reason(observation: Observation) -> str:
    """Why a contact was rejected that has no account."""
    company = observation.account_hint or observation.company_name or observation.host
    shown = f"no account with the id, name or domain {company[:80]!r}" if company else "no company"
    return f"{shown}, and no business address; register it first (accounts before contacts), or give its domain"
