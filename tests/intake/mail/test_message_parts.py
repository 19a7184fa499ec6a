"""Splitting a file into mails, and parsing their addresses, dates and texts."""

import gzip
from pathlib import Path

import pytest

from intake.mail import connector
from intake.mail.body import is_unsubscribe_request, own_text, plain_text
from intake.mail.headers import Sender, decoded_header, message_ids, read_address, read_date, read_headers, sent_at
from intake.mail.mailbox import RawMail, UnreadableMailbox, read_raw_mails
from intake.observation import Filtered, Observation, Rejected
from schemas.times import format_time
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox

SAMPLES = Path(__file__).parents[2] / "samples" / "mail"


def first_lines(path: Path) -> list[int]:
    return [one.line for one in read_raw_mails(path) if isinstance(one, RawMail)]


@pytest.mark.parametrize(
    "line",
    [
        "From here on Mon Jan we meet",
        ">From ada@x.test Tue Jan  2 10:30:00 2024",
        "From: ada@x.test Tue Jan  2 10:30:00 2024",
        "text before\nFrom ada@x.test Tue Jan  2 10:30:00 2024\ntext after",
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
    ],
)
def test_an_envelope_line_of_any_program_starts_a_mail(tmp_path: Path, envelope: str) -> None:
    assert len(first_lines(write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY, envelope=envelope)))) == 2


def test_a_truncated_mail_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    assert first_lines(write_mailbox(tmp_path, mail(OUR_MAIL)[:-8] + b"\n", mail(REPLY))) == [1, 9]


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
    assert list(connector.read(path, OUR_DOMAINS)) == [
        Filtered("saved.eml:1", "no reply (to a mail that is not in these files)"),
    ]


def test_text_that_is_not_a_mail_is_rejected_and_later_mails_are_read(tmp_path: Path) -> None:
    first, *rest = connector.read(
        write_mailbox(tmp_path, b"\x00\x01 nothing\n\n", mail(OUR_MAIL), mail(REPLY)), OUR_DOMAINS
    )
    assert isinstance(first, Rejected)
    assert (first.where, first.code) == ("inbox.mbox:1", "no_headers")
    assert [type(item) for item in rest] == [Filtered, Observation]


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("Ada Kern <Ada@Pharma.example>", Sender("ada@pharma.example", "Ada Kern")),
        ("Kern, Ada <ada@pharma.example>", Sender("ada@pharma.example", "Kern, Ada")),
        ('"Kern, Ada" <ada@pharma.example>, eve@lab.example', Sender("ada@pharma.example", "Kern, Ada")),
        ("ada@pharma.example (Ada Kern)", Sender("ada@pharma.example", "Ada Kern")),
        ("ada at pharma.example (Ada Kern)", Sender("ada@pharma.example", "Ada Kern")),
        ("Ada <ada at pharma.example>", Sender("ada@pharma.example", "Ada")),
        ("ada(a)pharma.example", Sender("ada@pharma.example")),
        ("ada (at) pharma (dot) example", Sender("ada@pharma.example")),
        ("ada at pharma dot example", Sender("ada@pharma.example")),
        ("ada＠pharma.example", Sender("ada@pharma.example")),
        ("=?iso-8859-1?q?J=F6rg?= <ada@pharma.example>", Sender("ada@pharma.example", "Jörg")),
        ("=?utf-8?q?Ada_=3Cada=40pharma=2Eexample=3E?=", Sender("ada@pharma.example", "Ada")),
        ("=?no-such-charset?q?A=F6?= <ada@pharma.example>", Sender("ada@pharma.example", "Aö")),
        ("Team: ada@pharma.example, eve@lab.example;", Sender("ada@pharma.example", "Team")),
        ("ada...@pharma.example", Sender("ada...@pharma.example", masked=True)),
        ("ada@localhost", None),
        ("undisclosed-recipients:;", None),
        ("Ada at Pharma", None),
        ("", None),
    ],
)
def test_addresses_in_all_notations(header: str, sender: Sender | None) -> None:
    assert read_address(header) == sender


def test_an_address_shortened_by_an_archive_yields_only_its_domain(tmp_path: Path) -> None:
    [_, item] = connector.read(
        write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY, **{"from": "ad...@pharma.example"})), OUR_DOMAINS
    )
    assert isinstance(item, Observation)
    assert (item.email, item.host) == (None, "pharma.example")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Tue, 02 Jan 2024 11:30:00 +0100", "2024-01-02T10:30"),
        ("Tue, 02 Jan 2024 10:30:00 -0000", "2024-01-02T10:30"),
        ("2 Jan 24 10:30 GMT", "2024-01-02T10:30"),
        ("Tue, 2 Jan 2024 05:30:00 EST (somewhere)", "2024-01-02T10:30"),
        ("Tue Jan  2 10:30:00 2024", "2024-01-02T10:30"),
        ("2024-01-02T10:30:00Z", "2024-01-02T10:30"),
        ("Tue, 30 Feb 2024 10:30:00 +0000", None),
        ("Tue, 02 Jan 2024 10:30:00 +9999", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("Tue, 02 Jan 99999 10:30:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_in_all_formats(text: str, at: str | None) -> None:
    milliseconds = read_date(text)
    assert (format_time(milliseconds)[:16] if milliseconds is not None else None) == at


def test_without_a_valid_date_received_then_the_envelope_gives_the_time() -> None:
    received = {
        "received": ["from a by b; Tue, 2 Jan 2024 10:31:00 +0000", "from x by a; Tue, 2 Jan 2024 10:30:00 +0000"]
    }
    assert format_time(sent_at({"date": ["soon"], **received}) or 0)[:16] == "2024-01-02T10:31"
    assert format_time(sent_at({}, "From ada@x.test Tue Jan  2 10:29:00 2024") or 0)[:16] == "2024-01-02T10:29"


def test_headers_are_unfolded_and_kept_in_order() -> None:
    lines = [b"To: a\n", b"Subject: one\n", b"\ttwo\n", b"no header\n", b" tail\n", b"to: b\n"]
    assert read_headers(lines) == {"to": ["a", "b"], "subject": ["one two"]}


def test_ids_are_found_among_words_and_across_folds() -> None:
    assert message_ids('Your message of "Tue" <a@x.test> and <b\n@x.test>') == ["a@x.test", "b@x.test"]
    assert message_ids("bare@x.test") == ["bare@x.test"]


def test_adjacent_encoded_words() -> None:
    assert decoded_header("=?utf-8?q?Gr=C3=BC?= =?utf-8?q?=C3=9Fe?=  aus Bern") == "Grüße aus Bern"


@pytest.mark.parametrize(
    "body",
    [
        "Please unsubscribe.",
        "unsubscribe me\n\nOn Mon, 1 Jan 2024, Mara Sand wrote:\n> Your trial\n> has begun",
        "Hi Mara,\n\nplease remove me from your mailing list\n\nThanks\nAda",
        "STOP\n\n-----Original Message-----\nFrom: Mara\nSent: Monday\n\nYour trial",
        "Bitte abmelden\n-- \nAda Kern, Pharma AG",
        "Abmelden\n\nVon: Mara Sand\nGesendet: Montag\nBetreff: Angebot",
        "Bitte keine weiteren Mails\n\nAm 01.01.24 um 09:00 schrieb Mara Sand:\n> Angebot",
    ],
)
def test_texts_that_are_unsubscribe_requests(body: str) -> None:
    assert is_unsubscribe_request("Re: Your trial", b"", body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "We would like to know how people unsubscribe.",
        "Sounds good.\n\nOn Mon, 1 Jan 2024, Mara Sand wrote:\n> unsubscribe",
        "Please stop by on Monday",
        "Fine.\n--\nTo unsubscribe, visit https://lists.example/",
        "",
    ],
)
def test_texts_that_only_mention_unsubscribing(body: str) -> None:
    assert not is_unsubscribe_request("Re: Your trial", b"", body.encode())


def test_an_empty_mail_may_unsubscribe_by_its_subject() -> None:
    assert is_unsubscribe_request("Unsubscribe", b"", b"\n")


def test_an_unsubscribe_mail_counts_without_being_a_reply(tmp_path: Path) -> None:
    wish = mail(REPLY, body="unsubscribe", in_reply_to=None)
    [item] = connector.read(write_mailbox(tmp_path, wish), OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert (item.type, item.email) == ("email.unsubscribed.v1", "ada@pharma.example")


def test_quoted_text_is_excluded() -> None:
    assert own_text("> Could you?\n\nYes.\n\n> And this?\nNo.\n-- \nAda") == "Yes.\n\nNo."


def test_html_is_read_as_text_without_quotes() -> None:
    head = b"Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n"
    body = b"<style>p {}</style><p>Bitte l=F6schen</p><blockquote>Angebot</blockquote>"
    assert plain_text(head, body).split() == ["Bitte", "löschen"]
    assert is_unsubscribe_request("Re: Angebot", head, body)


def test_a_bounce_names_the_recipient_and_the_mail() -> None:
    [item] = connector.read(SAMPLES / "bounce.mbox", OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert (item.type, item.email) == ("email.bounced.v1", "gone@pharma.example")
    assert item.data == {"message": "offer-1@mail.test", "subject": "Your trial"}


def test_a_delay_is_not_a_bounce(tmp_path: Path) -> None:
    path = tmp_path / "delay.mbox"
    path.write_bytes((SAMPLES / "bounce.mbox").read_bytes().replace(b"Action: failed", b"Action: delayed"))
    why = "a delivery report without a failed outside recipient"
    assert list(connector.read(path, OUR_DOMAINS)) == [Filtered("delay.mbox:1", why)]


def test_a_list_archive_with_obfuscated_addresses() -> None:
    items = list(connector.read(SAMPLES / "archive-2001-May.txt"))
    assert [item.email if isinstance(item, Observation) else item.why for item in items] == [
        "no reply",
        "eve.stone@lab.example",
        "no reply (to a mail that is not in these files)",
        "joerg@uni.example",
    ]
