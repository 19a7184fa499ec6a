"""What of an observation's data may go into the log: the fields its type declares, without persons. Never looks up a
pseudonym. What a CloudEvents file says stays as it is; this is for all other sources.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.account_ids import is_pseudonym
from schemas.facts.registry import fields_of

_PERSONAL = frozenset(
    "email e_mail mail emailaddress email_address firstname first_name lastname last_name fullname full_name surname "
    "givenname given_name familyname family_name username user_name displayname display_name phone phone_number "
    "telephone mobile fax ip ip_address ipaddress remote_addr address street birthday date_of_birth avatar".split()
)
_RECORDERS_OWN = frozenset({"visitor", "contact", "to"})
_OPAQUE = frozenset({"message", "meeting", "campaign", "opportunity", "handoff", "owner", "by", "author"})
"""Ids of mails and meetings read like addresses; owner, by and author are our own people, who answer for it."""
_ADDRESS = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s?#]*@")
_SECRET = frozenset(
    "token access_token id_token auth authorization key api_key apikey secret password passwd pwd pass sig signature "
    "session sessionid sid code otp".split()
)
_FREE_TEXT = frozenset({"comment"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a source may send beside the declared fields. `*` in a set allows all that is not about persons."""

    fields: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset({"*"})
    """Of `custom.tracked`."""
    parameters: frozenset[str] = frozenset({"*"})
    """Of addresses, beside `utm_*`; what reads as a secret stays out."""


USUAL = Allowance()


def without_persons(type_: str, content: Mapping[str, Any], allowance: Allowance = USUAL) -> dict[str, Any]:
    """The data that may be recorded. KeyError for an unknown type."""
    declared = fields_of(type_) - (_RECORDERS_OWN if type_.startswith("contact.") else frozenset())
    return {
        key: _value(key, value, allowance)
        for key, value in content.items()
        if (key in declared and key not in _FREE_TEXT) or _allowed(key, allowance.fields)
    }


def _allowed(key: object, allowed: frozenset[str]) -> bool:
    if not allowed or not isinstance(key, str) or key.lower().replace("-", "_") in _PERSONAL:
        return False
    return key in allowed or "*" in allowed


def _value(key: str, value: Any, allowance: Allowance) -> Any:
    if isinstance(value, str):
        return value if key in _OPAQUE else _text(key, value, allowance)
    if key == "properties" and isinstance(value, Mapping):
        return {name: _nested(inner) for name, inner in value.items() if _allowed(name, allowance.properties)}
    if key == "attendees" and isinstance(value, list | tuple):
        return value if all(isinstance(who, str) and is_pseudonym(who) for who in value) else len(value)
    return _nested(value)


def _text(key: str, text: str, allowance: Allowance) -> str:
    if key in {"url", "referrer"}:
        text = address_without_persons(text, allowance.parameters)
    return _redacted(text)


def _nested(value: Any, depth: int = 0) -> Any:
    """Also inside lists and objects; what is nested absurdly deep is refused later as it stands."""
    if isinstance(value, str):
        return _redacted(value)
    if depth > 40:
        return value
    if isinstance(value, list | tuple):
        return [_nested(inner, depth + 1) for inner in value]
    if isinstance(value, Mapping):
        return {key: _nested(inner, depth + 1) for key, inner in value.items() if not _is_personal(key)}
    return value


def _is_personal(key: object) -> bool:
    return isinstance(key, str) and key.lower().replace("-", "_") in _PERSONAL


def _redacted(text: str) -> str:
    return _ADDRESS.sub("[address]", text) if len(text) <= 20_000 and ("@" in text or "%40" in text) else text


def address_without_persons(url: str, allowed: frozenset[str]) -> str:
    """Without user name, fragment and the parameters that are not allowed; `utm_*` always is."""
    if "@" in url:
        url = _CREDENTIALS.sub("", url)
    base, _, query = url.partition("#")[0].partition("?")
    kept = "&".join(part for part in query.split("&") if _keeps(part.partition("=")[0], allowed))
    return f"{base}?{kept}" if kept else base


def _keeps(parameter: str, allowed: frozenset[str]) -> bool:
    name = parameter.lower()
    return name.startswith("utm_") or (name not in _SECRET and bool(name) and _allowed(parameter, allowed))
