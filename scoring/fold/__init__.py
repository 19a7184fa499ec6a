"""The fold: one account's state, and what each fact does to it."""

from scoring.fold.codec import (
    decode_account,
    decode_contact,
    digest_of,
    encode_account,
    encode_contact,
    update_contact_hash,
)
from scoring.fold.evolve import evolve, new_account
from scoring.fold.fit import decode_data, profile_with_claims
from scoring.fold.state import (
    ACCOUNT_CONTACT,
    ANONYMOUS_PREFIX,
    FOLD_VERSION,
    NEVER,
    Account,
    Contact,
    PendingChanges,
    changes_of,
)
from scoring.fold.valuation import account_at, account_copy_at, account_fit, decayed, line_value, track_scores

__all__ = [
    "ACCOUNT_CONTACT",
    "ANONYMOUS_PREFIX",
    "FOLD_VERSION",
    "NEVER",
    "Account",
    "Contact",
    "PendingChanges",
    "account_at",
    "account_copy_at",
    "account_fit",
    "changes_of",
    "decayed",
    "decode_account",
    "decode_contact",
    "decode_data",
    "digest_of",
    "encode_account",
    "encode_contact",
    "evolve",
    "line_value",
    "new_account",
    "profile_with_claims",
    "track_scores",
    "update_contact_hash",
]
