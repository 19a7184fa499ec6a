"""Splitting a file into mails."""

import gzip
from pathlib import Path

import pytest

from intake.mail import connector
from intake.mail.mailbox import RawMail, UnreadableMailbox, read_raw_mails
from intake.observation import Filtered, Observation, Rejected
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox


def first_lines(path: Path) -> list[int]:
    return [one.line for one in read_raw_mails(path) if isinstance(one, RawMail)]


@pytest.mark.parametrize(
    "line",
    [
        "From here on Mon Jan we meet",
        ">From ada@x.test Tue Jan  2 10:30:00 2024",
        ">From ada@x.test Tue Jan  2 10:30:00 2024\nFrom: ada@x.test\nSubject: quoted",
        "From: ada@x.test Tue Jan  2 10:30:00 2024",
        "text before\nFrom ada@x.test Tue Jan  2 10:30:00 2024\ntext after",
        "From ada@x.test Tue Jan  2 10:30:00 2024\nshe wrote to us",
        "From \nnow on",
        "From\n\nwhere?",
        "From \nSubject: of our talk",
        "---------- Forwarded message ---------\n\nFrom a@x.test Tue Jan  2 10:30:00 2024\nFrom: a@x.test\nDate: x",
    ],
)
def test_a_text_line_that_begins_with_from_does_not_start_a_mail(tmp_path: Path, line: str) -> None:
    path = write_mailbox(tmp_path, mail(OUR_MAIL, body=f"Hello,\n\n{line}"), mail(REPLY))
    assert len(first_lines(path)) == 2


@pytest.mark.parametrize(
    "envelope",
    [
        "From guido at lab.example  Mon Apr  3 12:00:00 2000",
        "From - Mon Apr 03 12:00:00 2000",
        "From MAILER-DAEMON Mon Apr  3 12:00:00 2000",
        "From ada@x.test Mon Apr  3 12:00 CEST 2000",
        "From ada@x.test Mon Apr  3 12:00:00 2000 +0200",
        "From ada@x.test Mon, 3 Apr 2000 12:00:00 +0200",
        "From ???@??? Mon Apr  3 12:00:00 2000",
        "From 1799999999999999999@xxx Mon Jan 05 09:12:00 +0000 2026",
        "From ",
        "From",
        "From -",
        "From ada@x.test",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_envelope_line_of_any_program_starts_a_mail(tmp_path: Path, envelope: str, end: str) -> None:
    content = mail(OUR_MAIL, envelope=envelope) + mail(REPLY, envelope=envelope)
    path = write_mailbox(tmp_path, content.replace(b"\n", end.encode()))
    assert len(first_lines(path)) == 2


@pytest.mark.parametrize("envelope", ["From someone@mail.test Tue Jan  2 10:30:00 2024", "From "])
def test_a_truncated_mail_does_not_swallow_the_next_one(tmp_path: Path, envelope: str) -> None:
    path = write_mailbox(tmp_path, mail(OUR_MAIL)[:-8] + b"\n", mail(REPLY, envelope=envelope))
    assert first_lines(path) == [1, 9]


INNER = mail(REPLY, message_id="<inner@x.test>").decode()


def attached(content: str) -> str:
    return f"--cut\nContent-Type: message/rfc822\n\n{content}\n--cut--"


def test_an_attached_mail_that_was_not_quoted_stays_inside(tmp_path: Path) -> None:
    outer = mail(OUR_MAIL, attached(INNER + INNER), content_type='multipart/mixed; boundary="cut"')
    assert len(first_lines(write_mailbox(tmp_path, outer, mail(REPLY)))) == 2


def test_a_multipart_that_never_ends_does_not_swallow_the_next_mails(tmp_path: Path) -> None:
    multipart = {"content_type": 'multipart/mixed; boundary="cut"'}
    endless = mail(OUR_MAIL, "--cut\n\ntext", **multipart)
    whole = mail(OUR_MAIL, attached("text"), **multipart)
    assert len(first_lines(write_mailbox(tmp_path, endless, mail(REPLY), whole, mail(REPLY)))) == 4


def test_a_length_in_the_headers_keeps_a_mail_inside_if_it_ends_before_a_mail(tmp_path: Path) -> None:
    body = f"See:\n\n{INNER}"
    right = mail(OUR_MAIL, body, content_length=str(len(body) + 1))
    wrong = mail(OUR_MAIL, body, content_length=str(len(body) - 20))
    assert len(first_lines(write_mailbox(tmp_path, right, mail(REPLY)))) == 2
    assert len(first_lines(write_mailbox(tmp_path, wrong, mail(REPLY)))) == 3


def test_windows_line_ends_byte_order_marks_and_compression_change_nothing(tmp_path: Path) -> None:
    plain = mail(OUR_MAIL) + mail(REPLY)
    plain_items = list(connector.read(write_mailbox(tmp_path, plain), OUR_DOMAINS))
    for content in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, gzip.compress(plain)):
        assert list(connector.read(write_mailbox(tmp_path, content), OUR_DOMAINS)) == plain_items


def test_a_truncated_compressed_file_yields_what_it_has(tmp_path: Path) -> None:
    bodies = [mail(OUR_MAIL, body="".join(str(i * j) for j in range(400))) for i in range(400)]
    packed = gzip.compress(b"".join(bodies))
    found = list(read_raw_mails(write_mailbox(tmp_path, packed[: len(packed) // 2])))
    assert len(found) > 10
    assert isinstance(found[-1], UnreadableMailbox)


def test_a_saved_mail_is_a_mailbox_with_one_mail(tmp_path: Path) -> None:
    path = write_mailbox(tmp_path, mail(REPLY).split(b"\n", 1)[1], name="saved.eml")
    assert list(connector.read(path, OUR_DOMAINS)) == [Filtered("saved.eml:1", "answers a mail that is not here")]


def test_a_file_that_is_no_mailbox_is_refused_as_a_whole(tmp_path: Path) -> None:
    [item] = connector.read(write_mailbox(tmp_path, b"\x89PNG\r\n\x1a\n\x00\x00"), OUR_DOMAINS)
    assert isinstance(item, Rejected)
    assert (item.code, item.whole) == ("no_headers", True)


def test_text_that_is_not_a_mail_is_rejected_and_later_mails_are_read(tmp_path: Path) -> None:
    first, *rest = connector.read(
        write_mailbox(tmp_path, b"\x00\x01 nothing\n\n", mail(OUR_MAIL), mail(REPLY)), OUR_DOMAINS
    )
    assert isinstance(first, Rejected)
    assert (first.where, first.code) == ("inbox.mbox:1", "no_headers")
    assert [type(item) for item in rest] == [Filtered, Observation]
