"""What the text of a mail tells: requests to unsubscribe, reactions, answers of calendars, receipts."""

import base64
import quopri
from pathlib import Path

import pytest

from intake.mail import connector
from intake.mail.body import is_unsubscribe_request, own_text
from intake.mail.headers import Headers, decoded_header, message_ids, read_headers
from intake.mail.parts import Part, TooComplex, mime_parts, plain_text
from intake.observation import Filtered, Observation
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox


def is_request(body: str, subject: str = "Re: Your trial", to: str = "mara@staffel.example") -> bool:
    headers = {"subject": [subject], "to": [to]}
    return is_unsubscribe_request(headers, parts_of(headers, body.encode()))


def parts_of(headers: Headers, body: bytes) -> list[Part]:
    parts = mime_parts(headers, body.splitlines(keepends=True))
    assert not isinstance(parts, TooComplex)
    return parts


def test_headers_are_unfolded_and_kept_in_order() -> None:
    lines = [b"To: a\n", b"Subject: one\n", b"\ttwo\n", b"no header\n", b" tail\n", b"to: b\n"]
    assert read_headers(lines) == {"to": ["a", "b"], "subject": ["one two"]}


def test_ids_are_found_among_words_and_across_folds() -> None:
    assert message_ids('Your message of "Tue" <a@x.test> and <b\n@x.test>') == ["a@x.test", "b@x.test"]
    assert message_ids("bare@x.test") == ["bare@x.test"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC?= =?utf-8?q?=C3=9Fe?=  aus Bern", "Grüße aus Bern"),
        ("=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?Demo??=", "Demo?"),
        ("Re: =?utf-8?b?R3LDvMOfZQ?= aus Bern", "Re: Grüße aus Bern"),
        ("=?iso-8859-1*de?q?Gr=FC=DFe?=", "Grüße"),
        ("=?punycode?q?abc?=", "abc"),
        ("=?utf-8?q?never ends", "=?utf-8?q?never ends"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decoded_header(value) == text


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
        "Unsubscribe\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
        "Abmelden\n\nVon meinem iPhone gesendet",
        "unsubscribe\n\nSent from Yahoo Mail on Android",
        "Abmelden\n\nLaden Sie Outlook für iOS herunter",
        "Désabonner\n\nEnvoyé de mon iPhone",
        "I would like to unsubscribe.",
        "Please opt me out.",
        "Please take me off your mailing list. Thanks!\n\nPat",
        "REMOVE",
        "Por favor, dar de baja",
        "Darme de baja por favor\n\nEnviado desde mi iPhone",
        "Cancellami dalla lista",
        "Graag uitschrijven",
        "Proszę o wypisanie z listy",
        "Cancelar inscrição",
        "Avregistrera mig",
        "配信停止",
        "退订",
        "Отписаться",
        "I no longer want to receive your emails",
        "Please remove my email from your database",
        "Bitte nehmen Sie mich aus dem Verteiler.",
        "Sehr geehrte Damen und Herren,\n\nbitte löschen Sie mich aus Ihrem Verteiler.\n\nMit freundlichen Grüßen\nAda",
        "Ich möchte keine weiteren E-Mails erhalten.",
        "Ich möchte mich vom Newsletter abmelden",
    ],
)
def test_texts_that_are_unsubscribe_requests(body: str) -> None:
    assert is_request(body)


@pytest.mark.parametrize(
    "body",
    [
        "We would like to know how people unsubscribe.",
        "Please remove the old price from the offer.",
        "Darme de baja no es posible todavía, primero el contrato.",
        "Sounds good.\n\nOn Mon, 1 Jan 2024, Mara Sand wrote:\n> unsubscribe",
        "Please stop by on Monday",
        "Fine.\n--\nTo unsubscribe, visit https://lists.example/",
        "Sent from my iPhone",
        "Please remove me from the meeting on Monday.",
        "Bitte nehmen Sie mich in den Verteiler auf.",
        "I want to opt out of the trial and buy",
        "",
    ],
)
def test_texts_that_only_mention_unsubscribing(body: str) -> None:
    assert not is_request(body)


@pytest.mark.parametrize(
    ("charset", "encoding", "body"),
    [
        ("utf-8", "quoted-printable", quopri.encodestring("Отписаться".encode())),
        ("utf-8", "base64", base64.b64encode("Отписаться".encode())),
        ("koi8-r", "8bit", "Отписаться".encode("koi8-r")),
        ("iso-2022-jp", "7bit", "配信停止".encode("iso-2022-jp")),
    ],
)
def test_a_request_in_another_writing_system_is_read_in_any_encoding(charset: str, encoding: str, body: bytes) -> None:
    headers = {"content-type": [f"text/plain; charset={charset}"], "content-transfer-encoding": [encoding]}
    assert is_unsubscribe_request(headers, parts_of(headers, body))


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Unsubscribe", "\n"),
        ("unsubscribe", "This message was automatically generated by Gmail."),
        ("unsubscribe", "Diese Nachricht wurde automatisch von Gmail generiert."),
        ("Unsubscribe", "Apple Mail sent this email to unsubscribe from the message “News”."),
        ("unsubscribe:AbC123", ""),
        ("unsubscribe AbC123xyz", ""),
        ("unsubscribe news pat@acme.example", ""),
        ("[news] unsubscribe <4711-beef>", "Sent from my iPhone"),
        ("Unsubscribe Request: user=ada@pharma.example", ""),
        ("Re: unsubscribe", ""),
        ("=?utf-8?q?D=C3=A9sinscription?=", ""),
    ],
)
def test_subjects_that_are_unsubscribe_requests_where_nobody_wrote_a_text(subject: str, body: str) -> None:
    assert is_request(body, subject)


def test_an_address_that_takes_people_off_a_list_is_a_request() -> None:
    assert is_request("", "", to="<unsubscribe+AbC123@staffel.example>")
    assert not is_request("", "", to="<sales@staffel.example>")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Unsubscribe", "Could you explain how your price list works?"),
        ("Unsubscribe from the old plan, and a question", ""),
        ("unsubscribe button is broken", ""),
    ],
)
def test_a_subject_is_no_request_where_somebody_wrote_something_else(subject: str, body: str) -> None:
    assert not is_request(body, subject)


def test_an_unsubscribe_mail_counts_without_being_a_reply_and_though_a_program_sent_it(tmp_path: Path) -> None:
    wish = mail(REPLY, body="unsubscribe", in_reply_to=None, auto_submitted="auto-generated")
    [item] = connector.read(write_mailbox(tmp_path, wish), OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert (item.type, item.email) == ("email.unsubscribed.v1", "ada@pharma.example")


def test_quoted_text_is_excluded() -> None:
    assert own_text("> Could you?\n\nYes.\n\n> And this?\nNo.\n-- \nAda") == "Yes.\n\nNo."


def test_html_is_read_as_text_without_quotes() -> None:
    headers = {"content-type": ["text/html; charset=iso-8859-1"], "content-transfer-encoding": ["quoted-printable"]}
    body = b"<style>p {}</style><!-- a > b --><p>Bitte l=F6schen</p><blockquote>Angebot</blockquote>"
    parts = parts_of(headers, body)
    assert plain_text(parts).split() == ["Bitte", "löschen"]
    assert is_unsubscribe_request(headers, parts)


def test_parts_are_found_in_parts_and_no_mail_inside_is_opened() -> None:
    headers = {"content-type": ['multipart/mixed; boundary="a"']}
    body = (
        b"preamble\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\none\n"
        b"--b\nContent-Type: text/html\n\ntwo\n--b--\n\n--a\nContent-Type: message/rfc822\n\nSubject: x\n\n--b\n"
        b"--a--\nend\n"
    )
    assert [(part.kind, part.content().strip()) for part in parts_of(headers, body)] == [
        ("text/plain", b"one"),
        ("text/html", b"two"),
        ("message/rfc822", b"Subject: x\n\n--b"),
    ]


def reason_of(folder: Path, body: str, **headers: str) -> str | None:
    """Why an answer to a mail of ours is filtered."""
    [_, item] = connector.read(write_mailbox(folder, mail(OUR_MAIL), mail(REPLY, body, **headers)), OUR_DOMAINS)
    return item.why if isinstance(item, Filtered) else None


@pytest.mark.parametrize(
    "body",
    [
        "👍 Ada Kern reacted to your message:\n________________________________\nFrom: Mara Sand",
        "👍\n\nAda Kern reacted via Gmail",
        "Ada Kern hat über Gmail reagiert",
        "Liked “Your trial has begun”",
    ],
)
def test_reactions_in_words_are_filtered(tmp_path: Path, body: str) -> None:
    assert reason_of(tmp_path, body, content_type="text/plain; charset=utf-8") == "a reaction"


def test_a_text_about_reactions_is_a_reply(tmp_path: Path) -> None:
    assert reason_of(tmp_path, "Our board reacted well, and I would like a quote.") is None


CALENDAR = "--cut\n\nAda accepted.\n--cut\nContent-Type: text/calendar{}\n\nBEGIN:VCALENDAR\nMETHOD:{}\n--cut--"


@pytest.mark.parametrize(
    ("parameter", "method", "reason"),
    [
        ("; method=REPLY", "REPLY", "an answer to an invitation"),
        ("", "REPLY", "an answer to an invitation"),
        ("", "COUNTER", "an answer to an invitation"),
        ("; method=REQUEST", "REQUEST", None),
    ],
)
def test_a_calendars_answer_is_told_by_its_method(
    tmp_path: Path, parameter: str, method: str, reason: str | None
) -> None:
    body = CALENDAR.format(parameter, method)
    assert reason_of(tmp_path, body, content_type="multipart/alternative; boundary=cut") == reason


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("Accepted: Demo", "an answer to an invitation"),
        ("[sales] Zugesagt: Demo", "an answer to an invitation"),
        ("Refusé : Démonstration", "an answer to an invitation"),
        ("Re: Accepted: Demo", None),
        ("Accepted papers", None),
    ],
)
def test_a_calendars_answer_is_told_by_its_subject(tmp_path: Path, subject: str, reason: str | None) -> None:
    assert reason_of(tmp_path, "", subject=subject) == reason


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("👍", {}),
        ("❤️", {}),
        ("🎉🎉 !!\n\nBest regards\nAda Kern", {}),
        ("✅\n\nOn Mon, Jan 1, 2024 Mara Sand wrote:\n> Shall we?", {}),
        ("👍\n\nSent from my iPhone", {}),
        ("=F0=9F=91=8D", {"content_transfer_encoding": "quoted-printable"}),
        (base64.b64encode("👍".encode()).decode(), {"content_transfer_encoding": "base64"}),
        ("<p>&#128077;</p>", {"content_type": "text/html; charset=utf-8"}),
    ],
)
def test_an_answer_of_symbols_alone_is_a_reaction(tmp_path: Path, body: str, headers: dict[str, str]) -> None:
    assert reason_of(tmp_path, body, **{"content_type": "text/plain; charset=utf-8", **headers}) == "a reaction"


@pytest.mark.parametrize("body", ["👍 Tuesday works", "?", "+1", "", "👍👍 10:30"])
def test_words_numbers_and_signs_are_a_reply(tmp_path: Path, body: str) -> None:
    assert reason_of(tmp_path, body, content_type="text/plain; charset=utf-8") is None


@pytest.mark.parametrize(
    ("method", "sequence", "reason"),
    [
        ("REQUEST", "", None),
        ("REQUEST", "SEQUENCE:0\n", None),
        ("REQUEST", "SEQUENCE:3\n", "an invitation"),
        ("PUBLISH", "SEQUENCE:3\n", None),
    ],
)
def test_an_invitation_answers_but_a_change_of_it_does_not(
    tmp_path: Path, method: str, sequence: str, reason: str | None
) -> None:
    """Calendars keep the reference to the mail that a person answered with an invitation."""
    body = CALENDAR.format("", f"{method}\n{sequence}")
    assert reason_of(tmp_path, body, content_type="multipart/alternative; boundary=cut") == reason


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("Read: Your trial", "a read receipt"),
        ("Gelesen: Your trial", "a read receipt"),
        ("Ungelesen: Your trial", "a read receipt"),
        ("Not read: Your trial", "a read receipt"),
        ("Lu : Your trial", "a read receipt"),
        ("Return Receipt (displayed) - Your trial", "a read receipt"),
        ("Re: Read: Your trial", None),
        ("Read-only trial", None),
        ("Reading: Your trial", None),
    ],
)
def test_a_receipt_that_is_no_report_is_told_by_its_subject(tmp_path: Path, subject: str, reason: str | None) -> None:
    assert reason_of(tmp_path, "Your message was read.", subject=subject) == reason
