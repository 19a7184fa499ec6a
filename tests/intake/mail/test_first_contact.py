"""First contacts: mails to us that answer nothing, from persons who write on their own account."""

from pathlib import Path

import pytest

from intake.mail import connector
from intake.observation import Filtered, Item, Observation
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, mail, write_mailbox

QUESTION = {
    "From": "Ada Kern <ada@pharma.example>",
    "To": "Sales <sales@staffel.example>",
    "Message-ID": "<question-1@pharma.example>",
    "Subject": "A question about your trial",
    "Date": "Tue, 02 Jan 2024 11:30:00 +0100",
}


def read_one(folder: Path, content: bytes, own_domains: frozenset[str] = OUR_DOMAINS) -> Item:
    [item] = connector.read(write_mailbox(folder, content), own_domains)
    return item


def test_a_mail_to_us_that_answers_nothing_is_received(tmp_path: Path) -> None:
    assert read_one(tmp_path, mail(QUESTION)) == Observation(
        where="inbox.mbox:1",
        source="mbox/inbox",
        id="question-1@pharma.example",
        former_id="question-1@pharma.example",
        personal=("id", "message"),
        type="email.received.v1",
        time=1_704_191_400_000,
        data={"message": "question-1@pharma.example", "subject": "A question about your trial"},
        email="ada@pharma.example",
        name="Ada Kern",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"to": "Eve <eve@lab.example>, sales@staffel.example"},
        {"to": "eve@lab.example", "cc": "Mara <mara@eu.staffel.example>"},
        {"to": "undisclosed-recipients:;", "delivered_to": "sales@staffel.example"},
        {"list_id": "<sales.staffel.example>", "list_unsubscribe": "<mailto:x@staffel.example>"},
        {"authentication_results": "mx.staffel.example; dkim=pass; dmarc=pass"},
        {"authentication_results": "mx.staffel.example; dmarc=pass (overridden, was dmarc=fail)"},
        {"authentication_results": "mx.test; dmarc=pass\nAuthentication-Results: elsewhere.test; dmarc=fail"},
    ],
)
def test_first_contacts(tmp_path: Path, headers: dict[str, str]) -> None:
    item = read_one(tmp_path, mail(QUESTION, **headers))
    assert isinstance(item, Observation)
    assert item.type == "email.received.v1"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"to": "eve@lab.example"}, "not addressed to us"),
        ({"to": '"sales@staffel.example" <eve@lab.example>'}, "not addressed to us"),
        ({"list_id": "<news.lab.example>"}, "a mail of a list"),
        ({"list_unsubscribe": "<https://lab.example/u/1>"}, "a mail of a list"),
        ({"feedback_id": "1:2:campaign:esp"}, "a mail of a list"),
        ({"authentication_results": "mx.test; spf=pass; dmarc=fail (p=reject)"}, "forged"),
        ({"authentication_results": "mx.test; dmarc=fail\nAuthentication-Results: x; dmarc=pass"}, "forged"),
        ({"in_reply_to": "<gone@x.test>"}, "answers a mail that is not here"),
        ({"references": "<gone@x.test>"}, "answers a mail that is not here"),
        ({"subject": "AW: [sales] Your offer"}, "answers a mail that is not here"),
        ({"from": "Mara <mara@staffel.example>"}, "comes from us"),
        ({"from": "noreply@shop.example"}, "a mail of a program"),
        ({"auto_submitted": "auto-generated"}, "an automatic answer"),
        ({"auto_reply": "yes"}, "an automatic answer"),
        ({"x_mdautoresponder": "1"}, "an automatic answer"),
        ({"x_auto_submitted": "auto-replied"}, "an automatic answer"),
        ({"x_autosent": "yes"}, "an automatic answer"),
        ({"x_zimbra_out_of_office": "yes"}, "an automatic answer"),
        ({"precedence": "vacation"}, "an automatic answer"),
        ({"x_mailer": "Vacation/1.2"}, "an automatic answer"),
        ({"subject": "已接受: Demo"}, "an answer to an invitation"),
        ({"subject": "Event Invitation Reply (Accepted): Demo"}, "an answer to an invitation"),
        ({"x_spam_flag": "YES"}, "spam or trash"),
        ({"x_ms_exchange_organization_scl": "9"}, "spam or trash"),
        ({"x_forefront_antispam_report": "CIP:192.0.2.1;SFV:SPM;SCL:5"}, "spam or trash"),
        ({"content_type": "text/calendar; method=REQUEST"}, "an invitation"),
    ],
)
def test_no_first_contacts(tmp_path: Path, headers: dict[str, str], why: str) -> None:
    assert read_one(tmp_path, mail(QUESTION, **headers)) == Filtered("inbox.mbox:1", why)


def test_without_own_domains_nobody_can_tell_who_was_written_to(tmp_path: Path) -> None:
    assert read_one(tmp_path, mail(QUESTION), frozenset()) == Filtered("inbox.mbox:1", "no own domains given")


def test_a_mail_that_names_only_itself_answers_nothing(tmp_path: Path) -> None:
    item = read_one(tmp_path, mail(QUESTION, references="<question-1@pharma.example>"))
    assert isinstance(item, Observation)
