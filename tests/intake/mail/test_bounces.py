"""Reports about mails that did not reach their recipients."""

from pathlib import Path

import pytest

from intake.mail import connector
from intake.observation import Filtered, Item, Observation
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox

SAMPLES = Path(__file__).parents[2] / "samples" / "mail"
SERVER = {
    "From": "Mail Delivery System <MAILER-DAEMON@mx.staffel.example>",
    "To": "mara@staffel.example",
    "Message-ID": "<report-1@mx.staffel.example>",
    "Subject": "Undelivered Mail Returned to Sender",
    "Return-Path": "<>",
}
NO_RECIPIENT = "a delivery report without a failed outside recipient"


def items_of(folder: Path, report: bytes) -> list[Item]:
    _, *items = connector.read(write_mailbox(folder, mail(OUR_MAIL), report), OUR_DOMAINS)
    return items


def bounced(items: list[Item]) -> list[str | None]:
    return [item.email for item in items if isinstance(item, Observation) and item.type == "email.bounced.v1"]


def test_a_report_names_the_recipient_and_the_mail() -> None:
    [item] = connector.read(SAMPLES / "bounce.mbox", OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert (item.type, item.email) == ("email.bounced.v1", "gone@pharma.example")
    assert item.data == {"message": "offer-1@mail.test", "subject": "Your trial"}


def test_its_id_holds_the_recipient_for_the_recorder_to_key_and_the_former_id_a_hash(tmp_path: Path) -> None:
    report = mail(SERVER, "It failed.", x_failed_recipients="ada@pharma.example")
    [item] = items_of(tmp_path, report)
    assert isinstance(item, Observation)
    assert item.id == "report-1@mx.staffel.example/ada@pharma.example"
    assert item.former_id == "report-1@mx.staffel.example/af72f47a0b683706a969"
    assert item.personal == ("id",)


def test_a_delay_is_not_a_bounce(tmp_path: Path) -> None:
    path = tmp_path / "delay.mbox"
    path.write_bytes((SAMPLES / "bounce.mbox").read_bytes().replace(b"Action: failed", b"Action: delayed"))
    assert list(connector.read(path, OUR_DOMAINS)) == [Filtered("delay.mbox:1", NO_RECIPIENT)]


@pytest.mark.parametrize("action", ["failed (Bad destination)", "failure", "error"])
def test_the_action_is_read_as_servers_write_it(tmp_path: Path, action: str) -> None:
    path = tmp_path / "bounce.mbox"
    report = (SAMPLES / "bounce.mbox").read_bytes()
    path.write_bytes(report.replace(b"Action: failed", f"Action: {action}".encode()))
    assert bounced(list(connector.read(path, OUR_DOMAINS))) == ["gone@pharma.example"]


def test_every_line_of_failed_recipients_counts_each_recipient_once(tmp_path: Path) -> None:
    lines = "ada@pharma.example,\n eve@lab.example\nX-Failed-Recipients: jo@uni.example, ada@pharma.example"
    items = items_of(tmp_path, mail(SERVER, "It failed.", x_failed_recipients=lines))
    assert bounced(items) == ["ada@pharma.example", "eve@lab.example", "jo@uni.example"]


@pytest.mark.parametrize(
    "body",
    [
        "Hi. This is the qmail-send program at mx.test.\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\n\n<ada@pharma-lab.example>:\nno such user\n\n--- Below this line is a copy of the "
        "message.\n\nMessage-ID: <offer-1@mail.test>\nSubject: Your trial\n\n<eve@lab.example>: hello",
        "This is the mail system at host mx.test.\n\nI'm sorry to have to inform you that your message could not\nbe "
        "delivered.\n\n<ada@pharma-lab.example>: host mx.pharma.example said: 550 5.1.1 unknown",
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. "
        "The following address(es) failed:\n\n  ada@pharma-lab.example\n    SMTP error: 550",
        "Delivery has failed to these recipients or groups:\n\nada@pharma-lab.example<mailto:ada@pharma-lab.example>\n"
        "The address couldn't be found.\n\nDiagnostic information for administrators:\n\neve@lab.example\n550 5.1.1",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nAda Kern (ada@pharma-lab.example)"
        "<mailto:ada@pharma-lab.example>\nDie Adresse wurde nicht gefunden.",
        "Your message to ada@pharma-lab.example couldn't be delivered.\n\nAda wasn't found at pharma-lab.example.",
        "Ihre Nachricht an ada@pharma-lab.example konnte nicht zugestellt werden.",
        "Delivery to the following recipient failed permanently:\n\n     ada@pharma-lab.example\n\nTechnical details",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ada@pharma-lab.example>:\nno user",
    ],
)
def test_mail_servers_that_write_no_report_are_understood_by_their_words(tmp_path: Path, body: str) -> None:
    assert bounced(items_of(tmp_path, mail(SERVER, body))) == ["ada@pharma-lab.example"]


def test_the_copy_below_the_words_names_the_mail(tmp_path: Path) -> None:
    body = (
        "<ada@pharma.example>: gone\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <offer-1@mail.test>"
    )
    [item] = items_of(tmp_path, mail(SERVER, body))
    assert isinstance(item, Observation)
    assert item.data == {"message": "offer-1@mail.test"}


def test_words_about_a_delay_are_not_a_bounce(tmp_path: Path) -> None:
    body = "Delivery is delayed, it will be retried.\n\n<ada@pharma.example>: host said: 451"
    assert items_of(tmp_path, mail(SERVER, body)) == [Filtered("inbox.mbox:10", NO_RECIPIENT)]


@pytest.mark.parametrize(
    "headers",
    [
        {"from": "Postmaster <postmaster@pharma.example>"},
        {"from": "MAILER-DAEMON@pharma.example"},
        {"from": "MAILER-DAEMON"},
        {"x_ms_exchange_message_is_ndr": ""},
        {"from": "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615@pharma.example>"},
        {"from": "System Administrator <administrator@pharma.example>", "subject": "Undeliverable: Your trial"},
        {"return_path": "<>", "subject": "Unzustellbar: Your trial"},
    ],
)
def test_no_mail_server_ever_replies(tmp_path: Path, headers: dict[str, str]) -> None:
    report = mail(REPLY, "It did not reach everybody.", envelope="From - Tue Jan  2 10:30:00 2024", **headers)
    assert items_of(tmp_path, report) == [Filtered("inbox.mbox:10", NO_RECIPIENT)]


def test_our_own_people_do_not_bounce(tmp_path: Path) -> None:
    report = mail(SERVER, "It failed.", x_failed_recipients="mara@staffel.example")
    assert items_of(tmp_path, report) == [Filtered("inbox.mbox:10", NO_RECIPIENT)]
