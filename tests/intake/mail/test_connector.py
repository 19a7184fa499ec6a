"""Which mails are replies, and the observations they become."""

from pathlib import Path

import pytest

from intake.mail import connector
from intake.observation import Filtered, Item, Observation, Rejected
from tests.intake.mail.mailbox_builders import ENVELOPE_LINE, OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox

ADA_REPLIED = Observation(
    where="inbox.mbox:10",
    source="mbox/inbox",
    id="answer-1@pharma.example",
    type="email.replied.v1",
    time=1_704_191_400_000,
    data={"message": "offer-1@mail.test", "subject": "Re: Your trial"},
    email="ada@pharma.example",
    name="Ada Kern",
    personal=("id", "message"),
    former_id="answer-1@pharma.example",
)


def read_reply(folder: Path, reply: bytes) -> Item:
    """The items of a mail that follows one of ours."""
    [_, item] = connector.read(write_mailbox(folder, mail(OUR_MAIL), reply), OUR_DOMAINS)
    return item


def item_types(items: list[Item]) -> list[str]:
    return [item.type if isinstance(item, Observation) else type(item).__name__ for item in items]


def test_an_answer_to_our_mail_is_a_reply_of_its_sender(tmp_path: Path) -> None:
    items = list(connector.read(write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY)), OUR_DOMAINS))
    assert items == [Filtered("inbox.mbox:1", "comes from us"), ADA_REPLIED]


def test_a_reply_is_found_by_references_from_right_to_left(tmp_path: Path) -> None:
    second = mail(OUR_MAIL, message_id="<offer-2@mail.test>")
    answer = mail(REPLY, in_reply_to=None, references="<offer-1@mail.test>\n\t<offer-2@mail.test>\n <gone@x.test>")
    [*_, item] = connector.read(write_mailbox(tmp_path, mail(OUR_MAIL), second, answer), OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert item.data["message"] == "offer-2@mail.test"


def test_a_reply_may_precede_the_mail_it_answers(tmp_path: Path) -> None:
    items = list(connector.read(write_mailbox(tmp_path, mail(REPLY), mail(OUR_MAIL)), OUR_DOMAINS))
    assert item_types(items) == ["email.replied.v1", "Filtered"]


def test_a_reply_may_answer_a_mail_of_another_file(tmp_path: Path) -> None:
    sent, inbox = write_mailbox(tmp_path, mail(OUR_MAIL), name="sent.mbox"), write_mailbox(tmp_path, mail(REPLY))
    threads = connector.index_threads([sent, inbox], OUR_DOMAINS)
    assert item_types(list(connector.read(inbox, OUR_DOMAINS, threads=threads))) == ["email.replied.v1"]


def test_an_answer_to_a_message_id_of_our_domain_needs_no_copy_of_that_mail(tmp_path: Path) -> None:
    answer = mail(REPLY, in_reply_to="<77@mx.staffel.example>")
    assert item_types(list(connector.read(write_mailbox(tmp_path, answer), OUR_DOMAINS))) == ["email.replied.v1"]


def test_every_answer_to_a_message_of_a_mailing_list_counts(tmp_path: Path) -> None:
    question = mail(OUR_MAIL, from_="x", **{"from": "eve@lab.example"})
    items = list(connector.read(write_mailbox(tmp_path, question, mail(REPLY)), frozenset()))
    assert item_types(items) == ["Filtered", "email.replied.v1"]


def test_answers_among_outsiders_count_unless_only_answers_to_us_are_requested(tmp_path: Path) -> None:
    box = write_mailbox(tmp_path, mail(OUR_MAIL, **{"from": "eve@lab.example"}), mail(REPLY))
    assert item_types(list(connector.read(box, OUR_DOMAINS))) == ["Filtered", "email.replied.v1"]
    assert item_types(list(connector.read(box, OUR_DOMAINS, reply_scope="us"))) == ["Filtered", "Filtered"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (mail(REPLY, in_reply_to=None), "answers a mail that is not here"),
        (mail(REPLY, in_reply_to="<gone@x.test>"), "answers a mail that is not here"),
        (mail(REPLY, in_reply_to="<answer-1@pharma.example>"), "answers a mail that is not here"),
        (mail(REPLY, **{"from": "Jo <jo@eu.staffel.example>"}), "comes from us"),
        (
            mail(REPLY, content_type="multipart/report; report-type=disposition-notification; boundary=x"),
            "a report of a mail server or program",
        ),
    ],
)
def test_no_reply(tmp_path: Path, answer: bytes, why: str) -> None:
    assert read_reply(tmp_path, answer) == Filtered("inbox.mbox:10", why)


@pytest.mark.parametrize(
    "answer",
    [
        mail(REPLY, auto_submitted="no"),
        mail(REPLY, precedence="list"),
        mail(REPLY, x_auto_response_suppress="All"),
        mail(REPLY, x_gmail_labels="Inbox,Spamfilter project"),
        mail(REPLY, x_spam_status="No, score=0.1"),
    ],
)
def test_harmless_headers_do_not_hide_a_reply(tmp_path: Path, answer: bytes) -> None:
    assert read_reply(tmp_path, answer) == ADA_REPLIED


def test_bulk_precedence_of_a_mailing_list_is_ignored(tmp_path: Path) -> None:
    answer = mail(REPLY, precedence="bulk", mailing_list="contact dev-help@x.example; run by ezmlm")
    assert read_reply(tmp_path, answer) == ADA_REPLIED


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-replied"},
        {"x_autoreply": "yes"},
        {"x_autorespond": "holiday"},
        {"x_mail_autoreply": "yes"},
        {"x_vacation": "on"},
        {"x_amazon_auto_reply": "true"},
        {"x_qq_auto_reply_id": "7"},
        {"delivered_to": "Autoresponder"},
        {"precedence": "auto_reply", "list_id": "<dev.x.example>"},
        {"x_precedence": "auto_reply"},
        {"preference": "auto_reply"},
        {"subject": "Automatische Antwort: Your trial", "x_auto_response_suppress": "All"},
        {"subject": "[sales] Re: Réponse automatique : Demo", "x_auto_response_suppress": "OOF"},
        {"subject": "=?utf-8?b?6Ieq5YuV5b+c562U?=: Demo", "precedence": "bulk", "list_id": "<dev.x.example>"},
    ],
)
def test_automatic_answers_are_filtered(tmp_path: Path, headers: dict[str, str]) -> None:
    assert read_reply(tmp_path, mail(REPLY, **headers)) == Filtered("inbox.mbox:10", "an automatic answer")


@pytest.mark.parametrize(
    "headers",
    [
        {"precedence": "bulk"},
        {"return_path": "<>"},
        {"from": "no-reply@pharma.example"},
        {"from": "Shop <orders-noreply@pharma.example>"},
        {"x_github_reason": "mention"},
    ],
)
def test_mails_of_programs_are_filtered(tmp_path: Path, headers: dict[str, str]) -> None:
    assert read_reply(tmp_path, mail(REPLY, **headers)) == Filtered("inbox.mbox:10", "a mail of a program")


@pytest.mark.parametrize(
    "headers",
    [
        {"x_gmail_labels": "Inbox,Spam"},
        {"x_gmail_labels": "=?UTF-8?Q?Papierkorb,Ge=C3=B6ffnet?="},
        {"x_mozilla_keys": "junk $label1"},
        {"x_spam_flag": "YES"},
        {"x_spam_status": "Yes, score=7.1"},
    ],
)
def test_what_was_thrown_away_is_filtered(tmp_path: Path, headers: dict[str, str]) -> None:
    assert read_reply(tmp_path, mail(REPLY, **headers)) == Filtered("inbox.mbox:10", "spam or trash")


def test_an_absence_in_the_subject_alone_is_a_persons_mail(tmp_path: Path) -> None:
    item = read_reply(tmp_path, mail(REPLY, subject="Out of office chairs"))
    assert isinstance(item, Observation)


def test_a_list_that_puts_itself_into_from_does_not_hide_the_author(tmp_path: Path) -> None:
    through_list = {"from": "Ada Kern via Dev <dev@lists.example>"}
    answer = mail(REPLY, **through_list, reply_to="Ada Kern <ada@pharma.example>")
    assert read_reply(tmp_path, answer) == ADA_REPLIED


def test_the_list_id_is_part_of_the_source(tmp_path: Path) -> None:
    item = read_reply(tmp_path, mail(REPLY, list_id="Developers <dev.lab.example>"))
    assert isinstance(item, Observation)
    assert item.source == "mbox/dev.lab.example"


def test_a_reply_carries_the_campaign_of_the_mail_it_answers(tmp_path: Path) -> None:
    [_, item] = connector.read(write_mailbox(tmp_path, mail(OUR_MAIL, x_campaign="spring"), mail(REPLY)), OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert item.data["campaign"] == "spring"


def test_copies_of_a_mail_share_an_id_and_another_mail_with_that_id_gets_its_own(tmp_path: Path) -> None:
    other = mail(REPLY, subject="Something else")
    [_, first, again, stranger] = connector.read(
        write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY), mail(REPLY), other), OUR_DOMAINS
    )
    assert isinstance(first, Observation)
    assert isinstance(again, Observation)
    assert isinstance(stranger, Observation)
    assert (first.id, again.id) == ("answer-1@pharma.example", "answer-1@pharma.example")
    assert stranger.id.startswith("content:")


def test_the_copy_that_a_group_delivers_shares_the_id_of_the_direct_one(tmp_path: Path) -> None:
    through_group = {"from": "'Ada Kern' via Sales <sales@staffel.example>", "subject": "[sales] Re: Your trial"}
    copy = mail(REPLY, **through_group, x_original_sender="ada@pharma.example", list_id="<sales.staffel.example>")
    items = list(connector.read(write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY), copy), OUR_DOMAINS, source="mbox"))
    assert {item.id for item in items if isinstance(item, Observation)} == {"answer-1@pharma.example"}


def test_a_mail_without_id_is_identified_by_its_content(tmp_path: Path) -> None:
    one = read_reply(tmp_path, mail(REPLY, message_id=None))
    same = read_reply(tmp_path, mail(REPLY, message_id=None))
    other = read_reply(tmp_path, mail(REPLY, body="Else", message_id=None))
    assert one == same
    assert isinstance(one, Observation)
    assert isinstance(other, Observation)
    assert one.id.startswith("content:")
    assert one.former_id == "content:84f353c0375ca2714bb3"
    assert one.id != other.id


def test_a_mail_without_any_time_is_rejected_and_the_others_are_read(tmp_path: Path) -> None:
    timeless = mail(REPLY, date="soon", envelope="From ada Tue Jan 99 99:99:99 2024", message_id="<2@x.test>")
    items = list(connector.read(write_mailbox(tmp_path, mail(OUR_MAIL), timeless, mail(REPLY)), OUR_DOMAINS))
    why = "Date is missing or not a time, and there is none in Received or the `From ` line"
    assert items[1] == Rejected("inbox.mbox:10", "bad_time", why)
    assert item_types(items) == ["Filtered", "Rejected", "email.replied.v1"]


def test_a_mail_without_sender_is_rejected(tmp_path: Path) -> None:
    item = read_reply(
        tmp_path, mail(REPLY, **{"from": "the team"}, envelope=ENVELOPE_LINE.replace("someone@mail.test", "-"))
    )
    why = "From, Sender and the `From ` line hold no address that can be read"
    assert item == Rejected("inbox.mbox:10", "no_sender", why)


def test_a_mail_with_a_zone_that_nobody_can_tell_is_rejected(tmp_path: Path) -> None:
    item = read_reply(tmp_path, mail(REPLY, date="Tue, 02 Jan 2024 16:00:00 IST"))
    why = "Date has a time zone that is not known, and no Received line gives the time; write one like +0100"
    assert item == Rejected("inbox.mbox:10", "no_zone", why)


def test_a_missing_file_is_rejected_by_name(tmp_path: Path) -> None:
    [item] = connector.read(tmp_path / "gone.mbox", OUR_DOMAINS)
    assert isinstance(item, Rejected)
    assert (item.where, item.code, item.whole) == ("gone.mbox", "unreadable", True)


def test_an_address_shortened_by_an_archive_yields_only_its_domain(tmp_path: Path) -> None:
    item = read_reply(tmp_path, mail(REPLY, **{"from": "ad...@pharma.example"}))
    assert isinstance(item, Observation)
    assert (item.email, item.host) == (None, "pharma.example")


def test_a_list_archive_with_obfuscated_addresses() -> None:
    items = list(connector.read(Path(__file__).parents[2] / "samples" / "mail" / "archive-2001-May.txt"))
    assert [item.email if isinstance(item, Observation) else item.why for item in items] == [
        "no own domains given",
        "eve.stone@lab.example",
        "answers a mail that is not here",
        "joerg@uni.example",
    ]
