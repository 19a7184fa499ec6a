"""Who asked: the client of a request, as servers and proxies write it.

Fields may hold an address, an address with a port, a host name, or a list `client, proxy, …` (X-Forwarded-For,
https://developer.mozilla.org/docs/Web/HTTP/Headers/X-Forwarded-For; Forwarded, RFC 7239).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

_PRIVATE_NETWORKS = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 "
        "::/127 fc00::/7 fe80::/10"
    ).split()
)
"""Addresses of proxies and inner networks; those for documentation count as public, so that examples can use them."""
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}")
_UNKNOWN = frozenset({"", "-", "_", "unknown", "unix:", "null", "(null)"})
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})(?:%[\w.-]+)?\](?::\d{1,5})?")
_PORT = re.compile(r":\d{1,5}$")
_FORWARDED_FOR = re.compile(r"(?:^|;)\s*for=", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?=.{1,253}$)[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63}){0,30}\.?")
_MOST_LISTED = 64
"""Of a list of addresses that are looked at."""


class Client(NamedTuple):
    """An IP address or a host name; neither if the client is unknown."""

    ip: str | None = None
    host: str | None = None

    @property
    def name(self) -> str | None:
        return self.ip or self.host


UNKNOWN_CLIENT = Client()


@lru_cache(maxsize=65_536)
def client_of(field: str) -> Client | None:
    """The client that a field names: of a list the first public address, else the first one. None if the field holds
    nothing that can be a client."""
    if _IPV4.fullmatch(field):
        return Client(field)
    if "," not in field:
        return _listed_client(field)
    listed = [client for text in field.split(",")[:_MOST_LISTED] if (client := _listed_client(text)) is not None]
    return first_public(listed) or next(filter(_is_known, listed), listed[0] if listed else None)


def first_public(clients: Sequence[Client]) -> Client | None:
    return next((client for client in clients if is_public(client)), None)


def is_public(client: Client) -> bool:
    """Whether the client is an address outside of private networks."""
    if client.ip is None:
        return False
    address = ip_address(client.ip)
    return not any(address in network for network in _PRIVATE_NETWORKS if network.version == address.version)


def _is_known(client: Client) -> bool:
    return client != UNKNOWN_CLIENT


def _listed_client(text: str) -> Client | None:
    text = text.strip().strip('"()')
    if marked := _FORWARDED_FOR.search(text):
        text = text[marked.end() :].partition(";")[0].strip('"')
    if text.lower() in _UNKNOWN or text.startswith(("_", "unix:")):
        return UNKNOWN_CLIENT
    if bracketed := _BRACKETED.fullmatch(text):
        text = bracketed[1]
    address = _address(text) or _address(_PORT.sub("", text))
    if address is not None:
        return Client(ip=address)
    host = _PORT.sub("", text)
    return Client(host=host) if _HOST_NAME.fullmatch(host) else None


def _address(text: str) -> str | None:
    """The address as it is written, without its zone; of an IPv4 address in IPv6 notation the former."""
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped) if address.ipv4_mapped else text.partition("%")[0]
    return text if address is not None else None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text) if len(text) <= 100 else None
    except ValueError:
        return None
