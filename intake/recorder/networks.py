"""IP networks of companies, supplied by the operator: a list `CIDR domain`, or an mmdb company database.

Both are local files; an address that they do not list has no company.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Protocol

import maxminddb

from intake.budgets import DEFAULT_BUDGETS
from intake.domains import claimable_domain
from intake.files.text import read_whole
from intake.observation import Rejected

_Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address


class CompanyNetworks(Protocol):
    """Finds the company of an IP address."""

    confidence: int

    def domain_of(self, ip: str) -> str | None:
        """The company's domain; None if it is unknown or the text is not an IP address."""


class NoNetworks:
    """The operator configured no networks."""

    confidence = 0

    def domain_of(self, ip: str) -> str | None:
        del ip
        return None


class ListedNetworks:
    """Networks of a list; the longest prefix that contains an address wins."""

    confidence = 70

    def __init__(self, networks: Iterable[tuple[_Network, str]]) -> None:
        self._prefixes: dict[tuple[int, int], dict[int, str]] = {}
        for network, domain in networks:
            of_length = self._prefixes.setdefault((network.version, network.prefixlen), {})
            of_length.setdefault(int(network.network_address), domain)
        self._lengths = sorted(self._prefixes, key=lambda key: -key[1])
        self._cached_lookup = lru_cache(maxsize=50_000)(self._lookup)

    def domain_of(self, ip: str) -> str | None:
        return self._cached_lookup(ip)

    def _lookup(self, ip: str) -> str | None:
        address = _parse_address(ip)
        if address is None:
            return None
        matches = (
            self._prefixes[key].get(_masked(address, key[1])) for key in self._lengths if key[0] == address.version
        )
        return next((domain for domain in matches if domain), None)


class MmdbNetworks:
    """A company database in MaxMind's format; `field` is the dotted path to the domain in a record."""

    confidence = 50

    def __init__(self, reader: Any, field: str = "domain") -> None:
        self._reader = reader
        self._path = field.split(".")
        self._cached_lookup = lru_cache(maxsize=50_000)(self._lookup)

    def domain_of(self, ip: str) -> str | None:
        return self._cached_lookup(ip)

    def _lookup(self, ip: str) -> str | None:
        address = _parse_address(ip)
        if address is None or (address.version == 6 and self._reader.metadata().ip_version == 4):
            return None
        found = _value_at(self._reader.get(address), self._path)
        return claimable_domain(found) if isinstance(found, str) else None


def read_networks(path: Path, field: str = "domain") -> tuple[CompanyNetworks, list[Rejected]]:
    """The networks of a file and its rejected lines: `.mmdb`, else text or CSV of `CIDR domain` lines.

    `#` begins a comment, a first line that holds no network is a heading.
    """
    if path.suffix == ".mmdb":
        return _read_mmdb(path, field)
    content = read_whole(path, DEFAULT_BUDGETS.document_bytes)
    if isinstance(content, Rejected):
        return _unreadable_networks(path, content.why)
    return parse_networks(content.decode(errors="replace").splitlines(), path.name)


def _read_mmdb(path: Path, field: str) -> tuple[CompanyNetworks, list[Rejected]]:
    try:
        if path.exists() and not path.is_file():
            return _unreadable_networks(path, "not a regular file")
        return MmdbNetworks(maxminddb.open_database(path), field), []
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        return _unreadable_networks(path, str(error))


def _unreadable_networks(path: Path, problem: str) -> tuple[CompanyNetworks, list[Rejected]]:
    why = f"cannot read the networks in {path.name} ({problem}); use a .mmdb file or lines of `CIDR domain`"
    return NoNetworks(), [Rejected(path.name, "bad_networks", why, whole=True)]


def parse_networks(lines: Iterable[str], name: str) -> tuple[CompanyNetworks, list[Rejected]]:
    """Networks of lines like `203.0.113.0/24 acme.com`, separated by space, comma, semicolon or tab."""
    entries = list(_parse_lines(lines, name))
    networks = [item for item in entries if not isinstance(item, Rejected)]
    return ListedNetworks(networks), [item for item in entries if isinstance(item, Rejected)]


def _parse_lines(lines: Iterable[str], name: str) -> Iterator[tuple[_Network, str] | Rejected]:
    for number, line in enumerate(lines, 1):
        words = _split_line(line)
        if not words or (number == 1 and _parse_network(words[0]) is None):
            continue
        yield _parse_entry(words, f"{name}:{number}")


def _split_line(line: str) -> list[str]:
    stripped = line.split("#", 1)[0].strip()
    if not stripped:
        return []
    separator = next((mark for mark in ",;\t" if mark in stripped), None)
    try:
        row = next(csv.reader([stripped], delimiter=separator)) if separator else stripped.split()
    except csv.Error:
        row = stripped.split()  # rejected later: not a network
    return [word.strip() for word in row]


def _parse_entry(words: list[str], where: str) -> tuple[_Network, str] | Rejected:
    network = _parse_network(words[0])
    domain = claimable_domain(words[1]) if len(words) > 1 else None
    if network is None:
        why = f"`{words[0][:60]}` is not an IP network; for example 203.0.113.0/24"
        return Rejected(where, "bad_network", why)
    if domain is None:
        return Rejected(
            where, "bad_domain", f"`{' '.join(words[1:])[:60]}` is not a domain; for example `{network} acme.com`"
        )
    return network, domain


def _parse_network(text: str) -> _Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _parse_address(text: str) -> _Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _masked(address: _Address, length: int) -> int:
    unused = address.max_prefixlen - length
    return int(address) >> unused << unused


def _value_at(record: object, path: list[str]) -> object:
    for step in path:
        record = record.get(step) if isinstance(record, Mapping) else None
    return record
