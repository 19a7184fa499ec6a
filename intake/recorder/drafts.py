"""The outcomes of recording, and the facts that one observation becomes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from intake.observation import Filtered, Observation, Rejected
from intake.recorder.attribution import Attribution
from schemas import FACT_HEADERS, encode_fact, record_id
from streams import NewRecord

INFERRED_SOURCE = "staffel/intake"
"""Source of identifications that no source reported as such, but that an observation implies."""
CONTACT_IDENTIFIED = "contact.identified.v1"
ALIAS_ADDED = "account.alias_added.v1"
_TARGET_SUFFIX = "~to"


class Recorded(NamedTuple):
    """Durable in the log, under `account`. Partition and offset are those of its last record."""

    account: str
    contact: str | None
    partition: int
    offset: int
    left_out: tuple[str, ...] = ()
    """Fields of the data that the settings of the source do not keep."""
    is_alias: bool = False
    """A row of a table that became an alias of the account."""


class Duplicate(NamedTuple):
    """The log already has a fact with this source and id, at this partition and offset."""

    account: str
    contact: str | None
    partition: int
    offset: int
    is_alias: bool = False


Outcome = Recorded | Duplicate | Filtered | Rejected


class Draft(NamedTuple):
    """An observation that will be recorded: attributed and pseudonymised."""

    observation: Observation
    content: dict[str, Any]
    attribution: Attribution
    contact: str | None
    visitor: str | None
    recorded_at: int
    earlier_visitors: tuple[str, ...] = ()
    """The visitors that the person was recorded as before their address was known."""

    @property
    def is_complete_identification(self) -> bool:
        """Whether a trusted file supplies the identification as it was recorded, with one record per account."""
        observation = self.observation
        is_identification = observation.type == CONTACT_IDENTIFIED and "visitor" in self.content
        return is_identification and observation.trusted and observation.account is not None

    @property
    def is_alias(self) -> bool:
        """Whether a row of a table became an alias."""
        return self.observation.profile and self.observation.type == ALIAS_ADDED

    @property
    def envelope_contact(self) -> str | None:
        """The contact, else the visitor: the envelope attribute `contact`."""
        return self.contact or self.visitor


def record_id_of(observation: Observation) -> str:
    return record_id(observation.source, observation.id)


def former_record_id_of(observation: Observation) -> str | None:
    """The record id in a log that began before ids were keyed."""
    former = observation.former_id or (observation.id if observation.profile else None)
    return None if former is None else record_id(observation.source, former)


def record_ids_of(observation: Observation) -> tuple[str, ...]:
    """The record ids under which an earlier attempt may be stored. The last one known gives the account."""
    own = record_id_of(observation)
    # A reported identification is recorded under the visitor's account, then under the contact's.
    return (own, own + _TARGET_SUFFIX) if observation.type == CONTACT_IDENTIFIED else (own,)


def record_of(draft: Draft) -> NewRecord:
    """The fact, keyed by the account it was attributed to."""
    observation = draft.observation
    account = draft.attribution.account
    return _record(draft, observation.type, account, observation.id, observation.source, draft.content)


def _attribution_fields(draft: Draft) -> dict[str, Any]:
    observation, attribution = draft.observation, draft.attribution
    if not observation.trusted:
        return {"attribution": attribution.rule, "confidence": attribution.confidence, "domain": attribution.domain}
    return {
        "attribution": observation.attribution or attribution.rule,
        "confidence": attribution.confidence if observation.confidence is None else observation.confidence,
        "domain": observation.domain or attribution.domain,
        "origin": observation.origin,
        "moves": observation.moves,
    }


def identification_records(draft: Draft, visitor: str, holders: list[str], *, reported: bool) -> Iterator[NewRecord]:
    """`contact.identified` under each account that has facts of the visitor, and under the contact's account.

    Ids are derived from the observation if it reported the identification, else from the pair of visitor and contact,
    so that a pair is recorded once however often it is seen.
    """
    target = draft.attribution.account
    source = draft.observation.source if reported else INFERRED_SOURCE
    id_ = draft.observation.id if reported else f"identified:{visitor}:{draft.contact}"
    content = {**(draft.content if reported else {}), "visitor": visitor, "contact": draft.contact, "to": target}
    accounts = [holder for holder in holders if holder != target]
    suffixes = ["", *(f"~{number}" for number in range(2, len(accounts) + 1))]
    account_suffixes = [*zip(accounts, suffixes, strict=False), (target, _TARGET_SUFFIX if accounts else "")]
    for account, suffix in account_suffixes:
        yield _record(draft, CONTACT_IDENTIFIED, account, f"{id_}{suffix}", source, content)


def _record(draft: Draft, type_: str, account: str, id_: str, source: str, content: dict[str, Any]) -> NewRecord:
    value = encode_fact(
        id=id_,
        source=source,
        type=type_,
        subject=account,
        time=draft.observation.time,
        recorded_at=draft.recorded_at,
        data=content,
        contact=draft.envelope_contact,
        **_attribution_fields(draft),
    )
    return NewRecord(account, value, record_id(source, id_), FACT_HEADERS)


class DraftedFact(NamedTuple):
    """A draft and its records, its own first."""

    draft: Draft
    records: list[NewRecord]
