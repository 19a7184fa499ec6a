"""What is kept of a person, and where: planted names, addresses, IP addresses and credentials of hostile files.

Before `forget` only the vault has them, after `forget` nothing has: neither a file of the home nor a topic, in clear,
encoded, or as a hash that anybody could compute.
"""

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from schemas import TOPICS
from staffel.cli.session import connected_application
from tests.staffel.cli.cli_runner import run_json, run_ok
from tests.staffel.planted_files import ADDRESS, INNER_ADDRESS, IP, IPV6, PLANTED, WORDS

VAULT_FILES = "vault.db"
"""With its write-ahead log: `vault.db-wal`."""
HASHES = [hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.sha512, hashlib.blake2b, hashlib.blake2s]
DIGEST_SIZES = range(8, 33)


def needles() -> Iterator[bytes]:
    """Every form in which a planted text might stand: in lower case, in Base64, in hexadecimal digits, hashed."""
    for word in WORDS:
        yield word.encode()
        yield word.encode().hex().encode()
        yield from (base64_within(word.encode(), before) for before in range(3))
    for text in (ADDRESS, INNER_ADDRESS, IP, IPV6):
        yield from unkeyed_hashes(text.encode())


def base64_within(text: bytes, before: int) -> bytes:
    """The characters that Base64 has for a text whatever stands around it, `before` bytes after a multiple of three."""
    encoded = base64.b64encode(b" " * before + text + b" ")
    return encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6].lower()


def unkeyed_hashes(text: bytes) -> Iterator[bytes]:
    digests = [algorithm(text).digest() for algorithm in HASHES]
    digests += [hashlib.blake2b(text, digest_size=size).digest() for size in DIGEST_SIZES]
    for digest in digests:
        yield digest[:8].hex().encode()
        yield base64.b64encode(digest)[:10].lower()


NEEDLES = tuple(dict.fromkeys(needle for needle in needles() if len(needle) > 5))


def planted_in(content: bytes) -> set[bytes]:
    found = content.lower()
    while (decoded := unquote_to_bytes(found).lower()) != found:
        found = decoded + found
        if len(found) > 4 * len(content) + 1_000:
            break
    return {needle for needle in NEEDLES if needle in found}


def files_with_planted_texts(home: Path) -> dict[str, set[bytes]]:
    """File -> what was found in it."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {path.name: found for path in files if (found := planted_in(path.read_bytes()))}


def topics_with_planted_texts() -> dict[str, set[bytes]]:
    with connected_application() as application:
        log = application.log
        records = [
            (topic, record)
            for topic in TOPICS
            for partition in range(log.partitions(topic))
            for record in log.read(topic, partition, 0, 100_000)
        ]
    texts = dict.fromkeys(TOPICS, b"")
    for topic, record in records:
        texts[topic] += b"\n".join([record.key.encode(), record.value, *(value for _, value in record.headers)])
    return {topic: found for topic, text in texts.items() if (found := planted_in(text))}


@pytest.fixture(params=PLANTED)
def connector(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_of_hostile_files_only_the_vault_keeps_persons_until_they_are_forgotten(
    connector: str, home: Path, tmp_path: Path
) -> None:
    planted = PLANTED[connector]()
    if connector in ("opportunities", "contacts"):
        run_ok("account", "register", "zzacme.example", "--name", "Acme")
    file = planted.write(tmp_path)

    assert run_json("ingest", *planted.command, file)["recorded"] > 0
    run_cli_reports()
    file.unlink()

    found = files_with_planted_texts(home)
    assert {name: texts for name, texts in found.items() if not name.startswith(VAULT_FILES)} == {}
    assert topics_with_planted_texts() == {}
    assert bool(planted.persons) == bool(found)

    for address in planted.persons:
        run_ok("forget", address)
    for contact in run_json("contact", "list"):
        run_ok("forget", contact["contact"])
    assert files_with_planted_texts(home) == {}
    assert topics_with_planted_texts() == {}


def run_cli_reports() -> None:
    """Commands that read leave nothing behind, either."""
    run_ok("accounts")
    run_ok("audit", "verify")


def test_the_page_names_every_table(home: Path) -> None:
    run_ok("account", "register", "zzacme.example")
    page = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")
    section = page.partition("## What is kept of a person")[2].partition("\n## ")[0]
    assert [name for name in tables(home) if f"`{name}`" not in section] == []


def tables(home: Path) -> list[str]:
    """Of all databases of a home."""
    names = []
    for path in home.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            names += [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return names


def test_the_scan_finds_what_is_planted_in_every_form() -> None:
    address = ADDRESS.encode()
    for form in (
        address,
        address.upper(),
        address.replace(b"z", b"%257A"),
        address.hex().encode(),
        base64.b64encode(address),
        base64.b64encode(b"x" + address),
        base64.b64encode(b"xy" + address),
        hashlib.sha256(address).hexdigest().encode(),
        hashlib.blake2b(address, digest_size=8).hexdigest().encode(),
    ):
        assert planted_in(b"... " + form + b" ..."), form


def test_of_the_people_of_the_demo_none_can_be_confirmed_from_the_log(medtech: Path) -> None:
    with closing(sqlite3.connect(medtech / "vault.db")) as vault:
        addresses = [str(row[0]) for row in vault.execute("SELECT email FROM vault")]
    with closing(sqlite3.connect(medtech / "staffel.db")) as database:
        log = b"\n".join(bytes(row[0]) for row in database.execute("SELECT value FROM log_engagement")).lower()
    confirmed = [
        address
        for address in addresses
        if address.encode() in log or any(found in log for found in unkeyed_hashes(address.encode()))
    ]
    assert (len(addresses) > 30, confirmed) == (True, [])
