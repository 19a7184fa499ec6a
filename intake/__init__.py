"""How facts come in: connectors, attribution, the vault and the recorder."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from intake.account_ids import RESERVED_WORDS, account_id

if TYPE_CHECKING:
    from intake.budgets import DEFAULT_BUDGETS, Budgets
    from intake.cloudevents import parse_event
    from intake.countries import country_of
    from intake.domains import ascii_account_id, normalized_email, unicode_domain
    from intake.observation import Filtered, Item, Observation, Rejected
    from intake.recorder.drafts import Outcome
    from intake.recorder.recorder import Recorder
    from intake.scanners import SurveyedFiles
    from intake.sources import Keep, Sources, SourceSettings, read_sources
    from intake.visitors import (
        KnownCompany,
        ShownDomain,
        VisitorCompanies,
        company_of_domain,
        identification_of,
    )

__all__ = [
    "DEFAULT_BUDGETS",
    "RESERVED_WORDS",
    "Budgets",
    "Filtered",
    "Item",
    "Keep",
    "KnownCompany",
    "Observation",
    "Outcome",
    "Recorder",
    "Rejected",
    "ShownDomain",
    "SourceSettings",
    "Sources",
    "SurveyedFiles",
    "VisitorCompanies",
    "account_id",
    "ascii_account_id",
    "company_of_domain",
    "country_of",
    "identification_of",
    "normalized_email",
    "parse_event",
    "read_sources",
    "unicode_domain",
]

_IMPORTED_ON_USE = {
    "DEFAULT_BUDGETS": "intake.budgets",
    "Budgets": "intake.budgets",
    "Filtered": "intake.observation",
    "Item": "intake.observation",
    "Keep": "intake.sources",
    "Observation": "intake.observation",
    "Outcome": "intake.recorder.drafts",
    "Recorder": "intake.recorder.recorder",
    "Rejected": "intake.observation",
    "SourceSettings": "intake.sources",
    "Sources": "intake.sources",
    "SurveyedFiles": "intake.scanners",
    "KnownCompany": "intake.visitors",
    "ShownDomain": "intake.visitors",
    "VisitorCompanies": "intake.visitors",
    "company_of_domain": "intake.visitors",
    "identification_of": "intake.visitors",
    "ascii_account_id": "intake.domains",
    "country_of": "intake.countries",
    "normalized_email": "intake.domains",
    "parse_event": "intake.cloudevents",
    "read_sources": "intake.sources",
    "unicode_domain": "intake.domains",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
