"""Any bytes in a mailbox are read without an exception."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.mail import connector
from intake.observation import Filtered, Observation, Rejected
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail

SAMPLES = Path(__file__).parents[2] / "samples" / "mail"
SAMPLE_FILES = [path.read_bytes() for path in sorted(SAMPLES.glob("*.[mt][bx]*"))]
LINES = sorted({line for whole in SAMPLE_FILES for line in whole.splitlines()})


def is_readable(content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.mbox"
        path.write_bytes(content)
        items = list(connector.read(path, OUR_DOMAINS))
    return all(isinstance(item, Observation | Filtered | Rejected) for item in items)


@given(st.binary(max_size=2_000))
@settings(max_examples=60)
def test_any_bytes(content: bytes) -> None:
    assert is_readable(content)


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_as_headers_and_text(head: bytes, body: bytes) -> None:
    assert is_readable(mail(REPLY).replace(b"\n\nGood to know.", b"\n" + head + b"\n\nunsubscribe" + body))


@given(st.sampled_from(SAMPLE_FILES), st.integers(0, 1_500), st.integers(0, 60), st.binary(max_size=20))
@settings(max_examples=100)
def test_a_mailbox_with_a_hole(whole: bytes, start: int, length: int, patch: bytes) -> None:
    assert is_readable(whole[:start] + patch + whole[start + length :])


@given(st.lists(st.sampled_from(LINES), max_size=30))
@settings(max_examples=100)
def test_lines_of_mails_in_any_order(lines: list[bytes]) -> None:
    assert is_readable(b"\n".join(lines))


@given(st.binary(max_size=400).filter(lambda junk: b"From " not in junk))
@settings(max_examples=60)
def test_a_damaged_mail_does_not_affect_the_others(junk: bytes) -> None:
    damaged = b"From x Tue Jan  2 10:30:00 2024\nMessage-ID: <2@x.test>\n" + junk + b"\n\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.mbox"
        path.write_bytes(mail(OUR_MAIL) + damaged + mail(REPLY))
        *_, last = connector.read(path, OUR_DOMAINS)
    assert isinstance(last, Observation)
    assert last.id == "answer-1@pharma.example"
