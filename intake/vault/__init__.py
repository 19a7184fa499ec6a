"""The vault: names and addresses behind the contact ids."""

from intake.vault.tables import COMPANIES, CONTACT_VISITORS, PERSONS, SECRETS, VAULT
from intake.vault.vault import Vault

__all__ = [
    "COMPANIES",
    "CONTACT_VISITORS",
    "PERSONS",
    "SECRETS",
    "VAULT",
    "Vault",
]
