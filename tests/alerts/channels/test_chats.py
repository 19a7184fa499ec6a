"""What Slack, Teams, Mattermost, Discord, Telegram and a mail server are sent, by stubs that listen on this machine.

Names come from outside: whatever they hold, they mention nobody, make no link and no mark-up of their own, in any of
these dialects, and the command and the links can be copied.
"""

import re
import ssl
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import msgspec
import pytest
import trustme
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.channels.apprise_channel import AppriseChannel
from alerts.channels.channel import Alert, Delivered
from alerts.channels.receivers import receivers_of
from alerts.messages import Links
from projections.derived_facts import encode
from tests.alerts.channels.mailbox import Mailbox, running_mailbox
from tests.alerts.receiver import Receiver, ReceiverResponse, running_receiver
from tests.alerts.test_messages import complete_event

LINKS = Links("https://crm.example.com/{account}?a=1&b=c_d", "https://staffel.example.com")
COPIED = [
    "staffel handoff accept acme.com/acquisition/1 --by YOU",
    "https://staffel.example.com/handoffs/acme.com/acquisition/1",
    "https://crm.example.com/acme.com?a=1&b=c_d",
]
TOKEN = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
Content = dict[str, Any]


class Chat:
    """A service of Apprise that speaks to a receiver of this machine, and how its text is found in what it sends."""

    def __init__(self, receiver: Receiver, url: str, text: Callable[[Content], str], **address: str) -> None:
        receiver.responses = [ReceiverResponse(200, body=b"ok")]
        self._receiver, self._text = receiver, text
        [found] = receivers_of(url)
        for name, value in address.items():  # of services that are in one place of the world
            setattr(found.service, name, value)
        self._person = "c_anna"
        self._channel = AppriseChannel("chat", found, LINKS, lambda _, contacts: dict.fromkeys(contacts, self._person))

    def shown(self, name: str, person: str | None = None, kind: str = "act_now", **fields: Any) -> str:
        """Title and text, in the service's own notation."""
        self._person = person or "c_anna"
        alert = Alert("alert_one", kind, encode(complete_event(name=name, **fields)))
        assert self._channel.send(alert) == Delivered()
        return self._text(msgspec.json.decode(self._receiver.requests[-1].body))


def slack(receiver: Receiver) -> Chat:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales"
    address = {"webhook_url": f"http://{receiver.host}/services"}
    return Chat(
        receiver, url, lambda sent: "\n".join(sent["attachments"][0][part] for part in ("title", "text")), **address
    )


def discord(receiver: Receiver) -> Chat:
    url = f"discord://123456789012345678/{TOKEN}"
    return Chat(receiver, url, lambda sent: str(sent["content"]), notify_url=f"http://{receiver.host}/api/webhooks")


def telegram(receiver: Receiver) -> Chat:
    url = "tgram://123456789:abcdefg_hijklmnop/12315544"
    return Chat(receiver, url, lambda sent: str(sent["text"]), notify_url=f"http://{receiver.host}/bot")


def mattermost(receiver: Receiver) -> Chat:
    url = f"mmost://{receiver.host}/3ccdd113474722377935511fc85d3dd4?channels=sales"
    return Chat(receiver, url, lambda sent: str(sent["text"]))


def teams(receiver: Receiver) -> Chat:
    url = f"workflow://{receiver.host}/workflow/signature/?verify=no"
    return Chat(receiver, url, _card_text)


def _card_text(sent: Content) -> str:
    blocks = sent["attachments"][0]["content"]["body"]
    return "\n".join(block["text"] for block in blocks if block["type"] == "TextBlock")


@pytest.fixture
def secured() -> Iterator[Receiver]:
    """With a certificate of its own, for services that speak TLS alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with running_receiver(tls=context) as made:
        yield made


@pytest.fixture(params=[slack, teams, mattermost, discord, telegram], ids=lambda made: made.__name__)
def chat(request: pytest.FixtureRequest, receiver: Receiver, secured: Receiver) -> Chat:
    made: Chat = request.param(secured if request.param is teams else receiver)
    return made


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as made:
        yield made


def test_words_command_and_links_arrive_as_written(chat: Chat) -> None:
    shown = unescape(chat.shown("Käse & Söhne GmbH"))

    assert "ACT NOW: Käse & Söhne GmbH (acme.com)" in shown
    assert "company: pharmaceuticals, 1200 employees, DE, customer, fit A, owner anna" in shown
    assert "- 60.0 meeting held: demo, c_anna (head of quality)" in shown
    assert [text for text in COPIED if text not in shown] == []
    assert "\\" not in shown


ACTIVE = re.compile(
    r"<!|<@|<#|<http|@(?:everyone|here|channel|all)\b|\*[^*\s]|`|\]\(|(?<!\w)[_~]\w|evil\.example|evil\.com|\\"
)
"""What some chat takes for a mention, mark-up or a link."""
HOSTILE = [
    "<!channel>", "<!here|x>", "<@U024BE7LH>", "<#C024BE7LR>", "<https://evil.example|Acme>", "@everyone",
    "@here", "@all", "@channel", "*Acme*", "_Acme_", "~~Acme~~", "`rm -rf`", "[Acme](https://evil.example)",
    "https://evil.example/x", "evil.example", "www.evil.com", "<b>Acme</b>", "<script>alert(1)</script>",
    "&lt;!channel&gt;", "Acme\n# Big", "||x||", "\\@everyone", "https:\\/\\/evil.example", "Ａcme＠everyone",
    "evil。example", "\u202eemca", "- Acme\n- Bert", "> Acme", "![x](https://evil.example/x.png)",
    "<at>Kim</at>", "{{token}}", "tg://user?id=1",
]  # fmt: skip


def from_outside(shown: str) -> str:
    """The text as a service shows that escapes `<` and `&`, without the product's own links, command and bold title."""
    text = unescape(shown) if "&lt;" not in shown else shown
    for own in (*COPIED, "<b>ACT NOW", "</b>"):
        text = text.replace(f"[{own}]({own})", "").replace(own, "").replace(own.replace("&", "&amp;"), "")
    return text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_companies_are_inert_in_every_dialect(chat: Chat, name: str) -> None:
    company = {"industry": name, "owner": name, "country": name, "fit": "A"}
    reasons = [{"rule": "page", "contact": "c_anna", "points": 1.0, "what": name, "role": name}]
    shown = from_outside(chat.shown(name, name, company=company, reasons=reasons, route=name))

    assert ACTIVE.findall(shown) == []
    assert not [line for line in shown.splitlines() if re.match(r"\s*(#|>|\d+\.|!|```)", line)]


@given(name=st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=4).map("".join))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_combination_of_them_acts(receiver: Receiver, name: str) -> None:
    for make in (slack, mattermost, discord, telegram):
        assert ACTIVE.findall(from_outside(make(receiver).shown(name, company={"owner": name, "fit": "A"}))) == []


def test_a_mail_says_the_same_in_plain_words(mailbox: Mailbox) -> None:
    [found] = receivers_of(mailbox.url("anna@example.com"))
    alert = Alert("alert_one", "act_now", encode(complete_event(name="Käse & <b>Söhne</b>\r\nBcc: x@evil.example")))
    assert AppriseChannel("mail", found, LINKS).send(alert) == Delivered()

    [mail] = mailbox.received("anna@example.com")
    assert mail["subject"] == "ACT NOW: Käse & ‹b›Söhne‹/b› Bcc: x(at)evil․example (acme.com)"
    assert (mail["bcc"], mail["to"]) == (None, "anna@example.com")
    lines = unescape(mail.get_body().get_content()).replace("<br/>", "\n")
    assert [text for text in COPIED if text not in lines] == []


def test_a_dead_mailbox_repeats_no_mail_to_a_colleague(mailbox: Mailbox) -> None:
    mailbox.refused = {"left@example.com"}
    channels = [
        AppriseChannel("mail", each) for each in receivers_of(mailbox.url("left@example.com", "anna@example.com"))
    ]
    alert = Alert("alert_one", "act_now", encode(complete_event()))

    assert sorted(type(each.send(alert)).__name__ for each in channels) == ["AttemptFailed", "Delivered"]
    assert [len(mailbox.received(who)) for who in ("anna@example.com", "left@example.com")] == [1, 0]
