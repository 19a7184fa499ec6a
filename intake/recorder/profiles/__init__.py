"""Profiles: what tables of accounts and contacts say, of which only what is new becomes a fact."""

from intake.recorder.profiles.account_rows import AccountRow, AccountRows, AliasRow, alias_records
from intake.recorder.profiles.contact_rows import (
    CONTACT_REGISTERED,
    attribution_of,
    is_contact_row,
    no_account_reason,
)
from intake.recorder.profiles.tellings import ToldBook
from intake.recorder.profiles.told_profiles import (
    NoProfiles,
    Profiles,
    StoredProfiles,
    account_key,
    contact_key,
    contact_subject,
    told_profiles,
)

__all__ = [
    "CONTACT_REGISTERED",
    "AccountRow",
    "AccountRows",
    "AliasRow",
    "NoProfiles",
    "Profiles",
    "StoredProfiles",
    "ToldBook",
    "account_key",
    "alias_records",
    "attribution_of",
    "contact_key",
    "contact_subject",
    "is_contact_row",
    "no_account_reason",
    "told_profiles",
]
