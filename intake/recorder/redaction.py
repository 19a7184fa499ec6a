"""Redaction: reduces an observation's data to the fields that its type declares, without personal data.

Applies to all sources except CloudEvents files, which are trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.account_ids import is_pseudonym
from schemas.facts import fields_of

_PERSONAL_FIELDS = frozenset(
    "email e_mail mail emailaddress email_address firstname first_name lastname last_name fullname full_name surname "
    "givenname given_name familyname family_name username user_name displayname display_name phone phone_number "
    "telephone mobile fax ip ip_address ipaddress remote_addr address street birthday date_of_birth avatar".split()
)
_RECORDER_FIELDS = frozenset({"visitor", "contact", "to"})
_OPAQUE_ID_FIELDS = frozenset({"message", "meeting", "campaign", "opportunity", "handoff", "owner", "by", "author"})
"""Not redacted: ids of mails and meetings look like addresses; owner, by and author are accountable colleagues."""
_EMAIL_ADDRESS = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"(?<=//)[^/@\s?#]*@")
_SECRET_PARAMETERS = frozenset(
    "token access_token id_token auth authorization key api_key apikey secret password passwd pwd pass sig signature "
    "session sessionid sid code otp".split()
)
_FREE_TEXT_FIELDS = frozenset({"comment"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a source may send beyond the declared fields. `*` in a set allows every name that does not look personal."""

    fields: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset({"*"})
    """Properties of `custom.tracked`."""
    parameters: frozenset[str] = frozenset({"*"})
    """URL parameters beyond `utm_*`; names that look like a secret are always dropped."""


DEFAULT_ALLOWANCE = Allowance()


def redacted_data(type_: str, content: Mapping[str, Any], allowance: Allowance = DEFAULT_ALLOWANCE) -> dict[str, Any]:
    """The part of the data that may be recorded. Raises KeyError for an unknown type."""
    declared = fields_of(type_) - (_RECORDER_FIELDS if type_.startswith("contact.") else frozenset())
    return {
        key: _redacted_value(key, value, allowance)
        for key, value in content.items()
        if (key in declared and key not in _FREE_TEXT_FIELDS) or _is_allowed(key, allowance.fields)
    }


def _is_allowed(key: object, allowed: frozenset[str]) -> bool:
    if not allowed or not isinstance(key, str) or key.lower().replace("-", "_") in _PERSONAL_FIELDS:
        return False
    return key in allowed or "*" in allowed


def _redacted_value(key: str, value: Any, allowance: Allowance) -> Any:
    if isinstance(value, str):
        return value if key in _OPAQUE_ID_FIELDS else _redacted_field(key, value, allowance)
    if key == "properties" and isinstance(value, Mapping):
        return {
            name: _redacted_nested(inner) for name, inner in value.items() if _is_allowed(name, allowance.properties)
        }
    if key == "attendees" and isinstance(value, list | tuple):
        return value if all(isinstance(who, str) and is_pseudonym(who) for who in value) else len(value)
    return _redacted_nested(value)


def _redacted_field(key: str, text: str, allowance: Allowance) -> str:
    if key in {"url", "referrer"}:
        text = redacted_url(text, allowance.parameters)
    return _redacted_text(text)


def _redacted_nested(value: Any, depth: int = 0) -> Any:
    """Redacts inside lists and objects. Beyond 40 levels the value is left as it is: validation rejects it later."""
    if isinstance(value, str):
        return _redacted_text(value)
    if depth > 40:
        return value
    if isinstance(value, list | tuple):
        return [_redacted_nested(inner, depth + 1) for inner in value]
    if isinstance(value, Mapping):
        return {key: _redacted_nested(inner, depth + 1) for key, inner in value.items() if not _is_personal(key)}
    return value


def _is_personal(key: object) -> bool:
    return isinstance(key, str) and key.lower().replace("-", "_") in _PERSONAL_FIELDS


def _redacted_text(text: str) -> str:
    return _EMAIL_ADDRESS.sub("[address]", text) if len(text) <= 20_000 and ("@" in text or "%40" in text) else text


def redacted_url(url: str, allowed: frozenset[str]) -> str:
    """The URL without user name, fragment and disallowed parameters; `utm_*` is always allowed."""
    if "@" in url:
        url = _URL_CREDENTIALS.sub("", url)
    address, _, query = url.partition("#")[0].partition("?")
    remaining = "&".join(part for part in query.split("&") if _is_allowed_parameter(part.partition("=")[0], allowed))
    return f"{address}?{remaining}" if remaining else address


def _is_allowed_parameter(parameter: str, allowed: frozenset[str]) -> bool:
    name = parameter.lower()
    return name.startswith("utm_") or (
        name not in _SECRET_PARAMETERS and bool(name) and _is_allowed(parameter, allowed)
    )
