"""The envelope of a fact on the topic `engagement`: CloudEvents 1.0 as structured JSON."""

from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from schemas.times import format_time

CONTENT_TYPE = "application/cloudevents+json"
FACT_HEADERS = (("content-type", CONTENT_TYPE.encode()),)
"""Headers of every fact on the log."""


class Fact(BaseModel):
    """The envelope as published; extension attributes are strings or integers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, description="unique within its source")
    source: str = Field(min_length=1)
    type: str = Field(min_length=1, description="with version, `web.page_viewed.v1`")
    subject: str = Field(min_length=1, description="the account id, and the key of the record")
    time: str = Field(description="when it happened, `2026-01-05T09:12:00.000Z`")
    recordedtime: str = Field(description="when it was written")
    contact: str | None = Field(default=None, description="pseudonym: `c_…` a person, `v_…` a visitor")
    domain: str | None = Field(default=None, description="the business domain that it showed")
    attribution: str | None = Field(default=None, description="the rule that found the account")
    confidence: int | None = Field(default=None, ge=0, le=100, description="of the attribution, in percent")
    origin: str | None = Field(default=None, description="id of the fact that this one was recorded again from")
    moves: str | None = Field(default=None, description="ids of the moves it made, apart by blanks")
    data: dict[str, Any] = Field(default_factory=dict)


class FactRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The same envelope as `Fact`, for fast reading and writing: without checks, times as text."""

    specversion: str = msgspec.field(default_factory=lambda: "1.0")
    id: str
    source: str
    type: str
    subject: str
    time: str
    recordedtime: str
    contact: str | None = None
    domain: str | None = None
    attribution: str | None = None
    confidence: int | None = None
    origin: str | None = None
    moves: str | None = None
    data: dict[str, Any] = {}


_encode = msgspec.json.Encoder(order="deterministic").encode
decode_fact = msgspec.json.Decoder(FactRecord).decode
"""FactRecord of a record's bytes. msgspec.DecodeError or UnicodeDecodeError if they are not a fact."""


class FactEnvelope(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The envelope of any record that the fold accepts, for recording it again under another account.

    What the fold does not read may have any type there, and the data may hold what no decoder takes (a number beyond
    every double); so both are passed on as they are.
    """

    specversion: Any = msgspec.field(default_factory=lambda: "1.0")
    id: str
    source: str
    type: str
    subject: str
    time: str
    recordedtime: str | None = None
    contact: str | None = None
    domain: Any = None
    attribution: Any = None
    confidence: Any = None
    origin: Any = None
    moves: Any = None
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))

    @property
    def origin_id(self) -> str:
        """The id of the original, which is its own if it was recorded once."""
        return self.origin if isinstance(self.origin, str) and self.origin else self.id


decode_envelope = msgspec.json.Decoder(FactEnvelope).decode
"""FactEnvelope of the bytes of a record that the fold accepted."""


def record_id(source: str, id_: str) -> str:
    """The identity of a fact, unique in its topic."""
    return f"{source}\n{id_}"


class FactIdentity(msgspec.Struct, frozen=True):
    """What tells facts apart; an attribute that the bytes lack is empty."""

    source: str = ""
    id: str = ""
    subject: str = ""

    @property
    def record_id(self) -> str | None:
        """None if source or id is missing."""
        return record_id(self.source, self.id) if self.source and self.id else None


_decode_identity = msgspec.json.Decoder(FactIdentity).decode
_UNKNOWN = FactIdentity()


def identity_of(value: bytes) -> FactIdentity:
    """The identity of the fact in a record; every attribute is empty if the bytes hold no event."""
    try:
        return _decode_identity(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _UNKNOWN


def encode_fact(
    *,
    id: str,
    source: str,
    type: str,
    subject: str,
    time: int,
    recorded_at: int,
    data: dict[str, Any] | None = None,
    **extensions: Any,
) -> bytes:
    """Canonical bytes of a fact: envelope in fixed order, keys of data sorted. Times are milliseconds since 1970.

    `extensions` are contact, domain, attribution, confidence, origin and moves; None leaves one out.
    """
    return _encode(
        FactRecord(
            id=id,
            source=source,
            type=type,
            subject=subject,
            time=format_time(time),
            recordedtime=format_time(recorded_at),
            data=data or {},
            **extensions,
        )
    )
