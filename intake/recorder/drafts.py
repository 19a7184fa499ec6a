"""What the recorder answers, and the facts it makes of one observation. Never appends, never asks a table."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from intake.observation import Observation, Rejected
from intake.recorder.attribution import Attribution
from schemas.envelope import FACT_HEADERS, encode_fact, record_id
from streams.log import NewRecord

OWN_SOURCE = "staffel/intake"
"""Source of identifications that nobody reported as such, but that an observation shows."""
IDENTIFIED = "contact.identified.v1"
_TO = "~to"


class Recorded(NamedTuple):
    """Durable in the log. `account` is where it counts; partition and offset are those of its last record."""

    account: str
    contact: str | None
    partition: int
    offset: int


class Duplicate(NamedTuple):
    """A fact of this source and id stands in the log already, at this place."""

    account: str
    contact: str | None
    partition: int
    offset: int


Outcome = Recorded | Duplicate | Rejected


class Draft(NamedTuple):
    """An observation that will be recorded: attributed and without persons."""

    observation: Observation
    content: dict[str, Any]
    attribution: Attribution
    contact: str | None
    visitor: str | None
    recorded_at: int
    alias: str | None = None
    """A visitor that the person counted as before."""

    @property
    def stands(self) -> bool:
        """An identification that a trusted file brings complete, one record for each account."""
        told = self.observation
        return told.type == IDENTIFIED and told.trusted and told.account is not None and "visitor" in self.content

    @property
    def who(self) -> str | None:
        """The envelope's contact."""
        return self.contact or self.visitor


def identities(observation: Observation) -> tuple[str, ...]:
    """The record ids that tell to which account it was given before, the surest last."""
    own = record_id(observation.source, observation.id)
    # A reported identification stands first where the visitor was, and then where the contact is.
    return (own, own + _TO) if observation.type == IDENTIFIED else (own,)


def record_of(draft: Draft) -> NewRecord:
    """The fact under the account it was attributed to."""
    observation = draft.observation
    source, id_, account = observation.source, observation.id, draft.attribution.account
    value = encode_fact(
        id=id_,
        source=source,
        type=observation.type,
        subject=account,
        time=observation.time,
        recorded_at=draft.recorded_at,
        data=draft.content,
        contact=draft.contact or draft.visitor,
        **_told(draft),
    )
    return NewRecord(account, value, record_id(source, id_), FACT_HEADERS)


def _told(draft: Draft) -> dict[str, Any]:
    observation, found = draft.observation, draft.attribution
    if not observation.trusted:
        return {"attribution": found.rule, "confidence": found.confidence, "domain": found.domain}
    return {
        "attribution": observation.attribution or found.rule,
        "confidence": found.confidence if observation.confidence is None else observation.confidence,
        "domain": observation.domain or found.domain,
        "origin": observation.origin,
        "moves": observation.moves,
    }


def identification(draft: Draft, visitor: str, homes: list[str], *, reported: bool) -> Iterator[NewRecord]:
    """`contact.identified` under each account that holds the visitor and under that of the contact, each once.

    Ids follow from the observation where it reported the identification, else from the pair of visitor and contact:
    so a pair is told once, however often it is seen.
    """
    to = draft.attribution.account
    source = draft.observation.source if reported else OWN_SOURCE
    id_ = draft.observation.id if reported else f"identified:{visitor}:{draft.contact}"
    content = {**(draft.content if reported else {}), "visitor": visitor, "contact": draft.contact, "to": to}
    accounts = [home for home in homes if home != to]
    suffixes = ["", *(f"~{number}" for number in range(2, len(accounts) + 1))]
    places = [*zip(accounts, suffixes, strict=False), (to, _TO if accounts else "")]
    for account, suffix in places:
        yield _identified(draft, account, f"{id_}{suffix}", source, content)


def _identified(draft: Draft, account: str, id_: str, source: str, content: dict[str, Any]) -> NewRecord:
    value = encode_fact(
        id=id_,
        source=source,
        type=IDENTIFIED,
        subject=account,
        time=draft.observation.time,
        recorded_at=draft.recorded_at,
        data=content,
        contact=draft.contact,
        **_told(draft),
    )
    return NewRecord(account, value, record_id(source, id_), FACT_HEADERS)
