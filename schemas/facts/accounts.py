"""Facts of the family account: firmographics, domains, merges and suppression."""

from typing import ClassVar

from pydantic import Field

from schemas.facts.content import FactData, Quantity


class AccountRegistered(FactData):
    """Firmographics: an absent field keeps what is known, a null forgets it."""

    type: ClassVar[str] = "account.registered.v1"
    name: str | None = None
    domains: tuple[str, ...] | None = None
    industry: str | None = None
    employees: Quantity | None = None
    revenue: Quantity | None = None
    country: str | None = None
    segment: str | None = None
    owner: str | None = None
    customer: bool | None = None
    target: bool | None = None
    parent: str | None = None


class AccountUpdated(FactData):
    """Firmographics: an absent field keeps what is known, a null forgets it."""

    type: ClassVar[str] = "account.updated.v1"
    name: str | None = None
    domains: tuple[str, ...] | None = None
    industry: str | None = None
    employees: Quantity | None = None
    revenue: Quantity | None = None
    country: str | None = None
    segment: str | None = None
    owner: str | None = None
    customer: bool | None = None
    target: bool | None = None
    parent: str | None = None


class AccountDomainClaimed(FactData):
    type: ClassVar[str] = "account.domain_claimed.v1"
    domain: str = Field(min_length=1)


class AccountAliasAdded(FactData):
    """The account has this id or this name in another system, for example as a further billing unit."""

    type: ClassVar[str] = "account.alias_added.v1"
    system: str | None = None
    """The system that the id or name is from, such as `hubspot`."""
    id: str | None = None
    name: str | None = None


class AccountMerged(FactData):
    type: ClassVar[str] = "account.merged.v1"
    into: str = Field(min_length=1)


class AccountSplit(FactData):
    type: ClassVar[str] = "account.split.v1"
    to: str = Field(min_length=1)
    contacts: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None


class AccountRestored(FactData):
    """Undoes the merge of this account."""

    type: ClassVar[str] = "account.restored.v1"


class MoveUndone(FactData):
    type: ClassVar[str] = "move.undone.v1"
    move: str = Field(min_length=1)


class AccountSuppressed(FactData):
    type: ClassVar[str] = "account.suppressed.v1"
    by: str | None = None
    reason: str | None = None


class AccountReleased(FactData):
    type: ClassVar[str] = "account.released.v1"
    by: str | None = None
    reason: str | None = None


FACTS = (
    AccountRegistered,
    AccountUpdated,
    AccountDomainClaimed,
    AccountAliasAdded,
    AccountMerged,
    AccountSplit,
    AccountRestored,
    MoveUndone,
    AccountSuppressed,
    AccountReleased,
)
