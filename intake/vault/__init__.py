"""The vault: names and addresses behind the contact ids."""

from intake.vault.location import (
    WrongVault,
    bind,
    copy_link,
    copy_vault,
    holds_vault,
    link_of,
    loose_files,
    move_out,
    open_vault_database,
    shares_role,
    vault_problem,
    vault_rows,
)
from intake.vault.vault import ForeignId, Person, Tombstone, Vault

__all__ = [
    "ForeignId",
    "Person",
    "Tombstone",
    "Vault",
    "WrongVault",
    "bind",
    "copy_link",
    "copy_vault",
    "holds_vault",
    "link_of",
    "loose_files",
    "move_out",
    "open_vault_database",
    "shares_role",
    "vault_problem",
    "vault_rows",
]
