"""Companies of IP addresses, from the operator's files."""

import os
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from intake.observation import Rejected
from intake.recorder.networks import ListedNetworks, MmdbNetworks, NoNetworks, parse_networks, read_networks

TEXT = """network,domain
203.0.113.0/24,acme.com
203.0.113.128/25 ; lab.acme.com   # the longer prefix wins
2001:db8::/32\tbeta.example
198.51.100.7 gamma.example
"""


class FakeMmdb:
    """An mmdb reader over a dictionary."""

    def __init__(self, records: dict[str, Any], version: int = 6) -> None:
        self._records, self._version = records, version

    def get(self, address: object) -> Any:
        return self._records.get(str(address))

    def metadata(self) -> SimpleNamespace:
        return SimpleNamespace(ip_version=self._version)


def test_the_longest_prefix_determines_the_company() -> None:
    networks, rejected = parse_networks(TEXT.splitlines(), "networks.txt")
    addresses = [
        "203.0.113.5",
        "203.0.113.200",
        "2001:db8::1",
        "::ffff:203.0.113.5",
        "198.51.100.7",
        "192.0.2.1",
        "no ip",
    ]
    assert rejected == []
    assert [networks.domain_of(ip) for ip in addresses] == [
        "acme.com",
        "lab.acme.com",
        "beta.example",
        "acme.com",
        "gamma.example",
        None,
        None,
    ]


def test_bad_lines_are_rejected_and_the_others_apply() -> None:
    lines = ["10.0.0.0/8 acme.com", "10.0.0.0/99 beta.com", "10.1.0.0/16 co.uk", "", "# nothing", "192.0.2.0/24"]
    networks, rejected = parse_networks(lines, "n.csv")
    assert networks.domain_of("10.1.1.1") == "acme.com"
    assert rejected == [
        Rejected("n.csv:2", "bad_network", "`10.0.0.0/99` is not an IP network; for example 203.0.113.0/24"),
        Rejected("n.csv:3", "bad_domain", "`co.uk` is not a domain; for example `10.1.0.0/16 acme.com`"),
        Rejected("n.csv:6", "bad_domain", "`` is not a domain; for example `192.0.2.0/24 acme.com`"),
    ]


def test_a_file_of_networks_is_read(tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    path.write_text(TEXT, encoding="utf-8-sig")
    networks, rejected = read_networks(path)
    assert (networks.domain_of("203.0.113.5"), rejected) == ("acme.com", [])


def test_an_unreadable_file_yields_no_company(tmp_path: Path) -> None:
    broken = tmp_path / "companies.mmdb"
    broken.write_bytes(b"no database")
    os.mkfifo(tmp_path / "pipe.mmdb")
    for path in (broken, tmp_path / "missing.txt", tmp_path / "pipe.mmdb", Path("/dev/zero"), tmp_path):
        networks, rejected = read_networks(path)
        assert isinstance(networks, NoNetworks)
        assert [(item.where, item.code) for item in rejected] == [(path.name, "bad_networks")]


def test_a_company_database_is_read_by_the_path_of_its_field() -> None:
    reader = FakeMmdb({"203.0.113.5": {"company": {"domain": "WWW.Acme.com"}}, "203.0.113.6": {"company": "x"}})
    networks = MmdbNetworks(reader, "company.domain")
    assert [networks.domain_of(f"203.0.113.{n}") for n in (5, 6, 7)] == ["acme.com", None, None]


def test_an_ipv4_database_has_no_ipv6_addresses() -> None:
    assert MmdbNetworks(FakeMmdb({"::1": {"domain": "acme.com"}}, version=4)).domain_of("::1") is None


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=8), st.integers(0, 2**32 - 1))
def test_lookup_equals_a_search_of_all_networks(entries: list[tuple[int, int]], number: int) -> None:
    networks = [(ip_network((entry, length), strict=False), f"d{i}.com") for i, (entry, length) in enumerate(entries)]
    address = ip_address(number)
    holding = [(network.prefixlen, -i) for i, (network, _) in enumerate(networks) if address in network]
    expected = networks[-max(holding)[1]][1] if holding else None
    assert ListedNetworks(networks).domain_of(str(address)) == expected


@given(st.text(max_size=60))
@example("0\r;")
@example("," + "0" * 140_000)
def test_any_text_is_handled_without_an_exception(text: str) -> None:
    networks, _ = parse_networks([text, text], "n")
    networks.domain_of(text)
    assert networks.domain_of(str(IPv6Address(1))) is None or "/" in text or ":" in text
