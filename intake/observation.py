"""What connectors pass to the recorder: observations, filtered items and rejected ones."""

from dataclasses import dataclass, field
from typing import Any

import msgspec


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """An event as its source reports it, before attribution and pseudonymisation.

    Times are milliseconds since 1970. `type` carries its version (`web.page_viewed.v1`).
    """

    where: str
    """File and line or item, for messages: `access.log:17`."""
    source: str
    id: str
    type: str
    time: int
    data: dict[str, Any] = {}
    personal: tuple[str, ...] = ()
    """Which of `id` and the fields of `data` name a person or are derived from an address, an IP or a Message-ID
    (`("id", "message")`). The connector passes them in clear; the recorder replaces them by keyed hashes."""
    former_id: str | None = None
    """The id that a log which began before ids were keyed has for this fact; only such logs are asked for it."""
    account: str | None = None
    """Account id, if the source names it (CloudEvents `subject`)."""
    account_hint: str | None = None
    """A company's name or foreign id (CRM id, Segment groupId), resolved by the directory."""
    company_name: str | None = None
    """The company's name, used where `account_hint` is missing or unknown."""
    contact: str | None = None
    """A pseudonym `c_…` or `v_…`, used as it is."""
    email: str | None = None
    stated_email: str | None = None
    """An address that was typed into a form. It names the actor where `person` has no known address, and says nothing
    of whose id `person` is."""
    name: str | None = None
    job_title: str | None = None
    """Kept in the vault alone, like name and phone."""
    phone: str | None = None
    profile: bool = False
    """What a table says of an account or contact today. Only what differs from what this source told last is recorded;
    `id` is then the id that earlier versions gave to the fact."""
    modified_at: int | None = None
    """When the source last changed the profile: the time of what differs."""
    visitor: str | None = None
    """The source's anonymous id; the recorder replaces it by `v_…`."""
    cookieless: bool = False
    """The visitor has no id: the connector made one of the client's address and program."""
    person: str | None = None
    """The source's own id of a person (Segment userId), whose e-mail address may be known already."""
    previous_person: str | None = None
    """Another id that the person had in the source before (Segment previousId)."""
    host: str | None = None
    """Host name of the client or of the company's site."""
    ip: str | None = None
    domain: str | None = None
    """The business domain, if a trusted file gives it; otherwise the recorder determines it."""
    trusted: bool = False
    """From a CloudEvents file: data, pseudonyms, attribution, origin, moves and `recorded_at` are used as given."""
    recorded_at: int | None = None
    """Used only from a trusted CloudEvents file."""
    attribution: str | None = None
    confidence: int | None = None
    origin: str | None = None
    moves: str | None = None


@dataclass(frozen=True, slots=True)
class Filtered:
    """Well-formed, but not engagement (an image request, an automatic answer).

    `why` is short and from a small vocabulary without values of the item: results count the items by it.
    """

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not recorded. `code` is stable (`bad_time`, `unknown_type`, …), `why` says field, value and remedy."""

    where: str
    code: str
    why: str
    whole: bool = field(default=False, compare=False)
    """The file was refused as a whole: nothing of it was read."""


Item = Observation | Filtered | Rejected
