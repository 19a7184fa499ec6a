"""What a connector hands to the recorder. Never touches the log or the vault."""

from dataclasses import dataclass
from typing import Any

import msgspec


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, as a source tells it; the recorder attributes and pseudonymises it.

    Times are milliseconds since 1970. `type` carries its version (`web.page_viewed.v1`).
    """

    where: str
    """File and line or item, for messages: `access.log:17`."""
    source: str
    id: str
    type: str
    time: int
    data: dict[str, Any] = {}
    account: str | None = None
    """Account id, where the source names it explicitly (CloudEvents `subject`)."""
    account_hint: str | None = None
    """A company's name or foreign id (CRM id, Segment groupId), resolved by the directory."""
    contact: str | None = None
    """A pseudonym `c_…` or `v_…` that is trusted as it stands."""
    email: str | None = None
    name: str | None = None
    visitor: str | None = None
    """An anonymous id as the source gives it; the recorder makes `v_…` of it."""
    person: str | None = None
    """The source's own id of a person (Segment userId) whose e-mail address may be known from before."""
    host: str | None = None
    """Host name of the client or of the company's site."""
    ip: str | None = None
    domain: str | None = None
    """The business domain that it showed, where a trusted file says so; else the recorder finds it."""
    trusted: bool = False
    """From a CloudEvents file: data, pseudonyms, attribution, origin, moves and `recorded_at` stay as they are."""
    recorded_at: int | None = None
    """Given only by a trusted CloudEvents file."""
    attribution: str | None = None
    confidence: int | None = None
    origin: str | None = None
    moves: str | None = None


@dataclass(frozen=True, slots=True)
class Filtered:
    """Well-formed and no engagement (an image request, an automatic answer)."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not to be recorded: `code` is stable (`bad_time`, `unknown_type`, …), `why` says field, value and way out."""

    where: str
    code: str
    why: str


Item = Observation | Filtered | Rejected
