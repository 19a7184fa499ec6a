"""The kind of a file is guessed from how it begins."""

import gzip
import json
from pathlib import Path

import pytest

from intake import Rejected
from staffel.ingestion.kinds import guess_kind
from tests.staffel.cli.cli_runner import access_log_line, page_view

EXAMPLE = Path(__file__).parents[3] / "examples" / "medtech" / "data"
LINE = access_log_line()


def guess(content: str | bytes) -> str:
    path = Path("input")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    kind = guess_kind(path)
    return kind.code if isinstance(kind, Rejected) else kind


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("access.log", "access-log"),
        ("site.segment.jsonl", "segment"),
        ("marketing.mbox", "mbox"),
        ("calendar.ics", "calendar"),
        ("bus.cloudevents.jsonl", "cloudevents"),
        ("accounts.csv", "accounts"),
        ("opportunities.csv", "opportunities"),
    ],
)
def test_every_file_of_the_example_is_guessed_also_packed(file: str, kind: str) -> None:
    content = (EXAMPLE / file).read_bytes()
    assert [guess(content), guess(gzip.compress(content))] == [kind, kind]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (LINE, "access-log"),
        (f"www.example.com:443 {LINE}", "access-log"),
        (f"cut off\n{LINE}", "access-log"),
        (json.dumps({"log": f"{LINE}\n", "stream": "stdout"}), "access-log"),
        (json.dumps(page_view("one")), "cloudevents"),
        (json.dumps([page_view("one")]), "cloudevents"),
        (json.dumps(page_view("one"), indent=2), "cloudevents"),
        ('{"batch": [{"type": "track"}]}', "segment"),
        ('{"type": "page", "anonymousId": "a"}', "segment"),
        ('[\n {"type": "identify",\n  "userId": "7"}\n]', "segment"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "calendar"),
        ("\ufeffBEGIN:VCALENDAR\r\n", "calendar"),
        ("From pat@acme.example Mon Jan  5 09:12:00 2026\nSubject: x\n", "mbox"),
        ("Return-Path: <pat@acme.example>\nReceived: from a\nSubject: x\n", "mbox"),
        ("Company name,Company domain name\nAcme,acme.example\n", "accounts"),
        ("sep=;\nFirma;Webseite\nAcme;acme.example\n", "accounts"),
        ("Name\tDomain\nAcme\tacme.example\n".encode("utf-16"), "accounts"),
        ("Deal Name,Deal Stage,Amount\nBig,won,7\n", "opportunities"),
        ("First Name,Last Name,Email,Company\nPat,Lee,pat@acme.example,Acme\n", "contacts"),
        ("Vorname;Nachname;E-Mail-Adresse\nPat;Lee;pat@acme.example\n", "contacts"),
        ("", "cloudevents"),
        ("\n\n", "cloudevents"),
        ("Dear diary,\n", "unknown_kind"),
        ('{"remote_addr": "198.51.100.7"}', "unknown_kind"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_text"),
    ],
)
def test_the_kind_of_a_content(content: str | bytes, kind: str) -> None:
    assert guess(content) == kind


def test_a_file_that_is_not_recognised_is_refused_whole() -> None:
    Path("diary").write_text("Dear diary,\n")
    why = "the kind of the file cannot be guessed: name it, for example `staffel ingest accounts FILE`"
    refused = guess_kind(Path("diary"))
    assert isinstance(refused, Rejected)
    assert (refused, refused.whole) == (Rejected("diary", "unknown_kind", why), True)
