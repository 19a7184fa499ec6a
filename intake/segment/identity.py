"""Who acts in a call, and for which company.

The userId decides. An address in the traits is the actor's; one in the properties may be anybody's (an invitation names
the person invited), so that it counts only where a form or a sign-up asks for it.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from intake.domains import normalized_email
from intake.segment.calls import Call, id_in, object_at, text_of

_SELF_STATED = frozenset({"web.form_submitted.v1", "product.signed_up.v1"})
"""What a person does by giving their own address."""
_EMAIL_FIELDS = ("email", "Email", "emailAddress", "email_address")
_PLACEHOLDERS = frozenset(
    "undefined null none nil nan n/a na anonymous unknown noemail no-email no_email noreply no-reply nobody".split()
)
"""Local parts that stand for no address: `undefined@…`."""
_INNER_NETWORKS = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 "
        "::/127 fc00::/7 fe80::/10"
    ).split()
)
"""Of proxies; addresses for documentation count as public, so that examples can use them."""
_MAX_ADDRESSES = 32


class Actor(NamedTuple):
    """The fields of an observation that identify the person."""

    email: str | None
    stated_email: str | None
    visitor: str | None
    person: str | None
    previous_person: str | None
    ip: str | None


def actor_of(call: Call, type_: str) -> Actor:
    """Who acts in the call that becomes a fact of this type."""
    person, previous = call.id("userId"), call.id("previousId") if call.type == "alias" else None
    email = _known_email(call, person, previous)
    stated = _email_in(call.object_at("properties")) if email is None and type_ in _SELF_STATED else None
    visitor = previous if previous and "@" not in previous else call.id("anonymousId")
    ip = _client_address(call.object_at("context").get("ip"))
    if person is None:
        return Actor(email or stated, None, visitor, None, None, ip)
    return Actor(email, stated, visitor, person, previous if previous and "@" not in previous else None, ip)


def _known_email(call: Call, person: str | None, previous: str | None) -> str | None:
    """The actor's address. The traits of a group call are ignored: they describe the company."""
    traits = None if call.type == "group" else _email_in(call.object_at("traits"))
    found = traits or _email_in(object_at(call.object_at("context"), "traits"))
    return found or next((id_ for id_ in (person, previous) if id_ and _is_address(id_)), None)


def _email_in(fields: dict[str, Any]) -> str | None:
    """The first of the fields that holds an address. Anything else there costs nothing but itself."""
    for name in _EMAIL_FIELDS if fields else ():
        if (text := text_of(fields.get(name))) is not None and _is_address(text):
            return text
    return None


@lru_cache(maxsize=50_000)
def _is_address(text: str) -> bool:
    address = normalized_email(text) if "@" in text else None
    return address is not None and address.partition("@")[0] not in _PLACEHOLDERS


def _client_address(value: Any) -> str | None:
    """The first public address of `context.ip`: a text, a list in a text as proxies write it, or an array."""
    if isinstance(value, list):
        value = ",".join(text for text in value[:_MAX_ADDRESSES] if isinstance(text, str))
    return _first_public(value) if isinstance(value, str) else None


@lru_cache(maxsize=50_000)
def _first_public(text: str) -> str | None:
    listed = [address for part in text.split(",")[:_MAX_ADDRESSES] if (address := _address(part.strip()))]
    return next((address for address in listed if _is_public(address)), listed[0] if listed else None)


def _address(text: str) -> str | None:
    """The address without port, brackets and zone (`198.51.100.9:1234`, `[2001:db8::1]:443`); None if it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    text = text.partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped) if mapped else text


def _is_public(text: str) -> bool:
    address = ip_address(text)
    return not any(address in network for network in _INNER_NETWORKS if network.version == address.version)


def company_hint(call: Call) -> str | None:
    """The source's id or name of the company: the groupId, else that of the context, else the actor's company."""
    own = call.id("groupId") if call.type == "group" else None
    company = call.object_at("traits").get("company")
    context = call.object_at("context")
    if own is None and not company and "groupId" not in context and "group_id" not in context:
        return None
    named = id_in(company, "id", "name") if isinstance(company, dict) else id_in({"name": company}, "name")
    return own or id_in(context, "groupId", "group_id") or named
