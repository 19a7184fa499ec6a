"""The mailbox of marketing: campaign mails sent, replies to them, an automatic answer, a bounce.

Written by hand and not with `email.message`, whose folding differs between versions of Python.
"""

import quopri
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from examples.medtech.dice import token
from examples.medtech.story import Campaign, Person, Scene, Story, offset

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    at: datetime
    sender: tuple[str, str]
    """Name and address."""
    to: str
    subject: str
    text: str
    message_id: str
    headers: dict[str, str] = field(default_factory=dict)
    charset: str = "utf-8"

    def block(self) -> str:
        """The mail in mbox format, with its `From ` line and a trailing blank line."""
        day, month = DAYS[self.at.weekday()], MONTHS[self.at.month - 1]
        headers = {
            "From": f"{_word(self.sender[0])} <{self.sender[1]}>",
            "To": self.to,
            "Date": f"{day}, {self.at:%d} {month} {self.at:%Y %H:%M:%S} +0000",
            "Subject": _word(self.subject),
            "Message-ID": self.message_id,
            **self.headers,
            "X-Synthetic": "all of this mail is invented",
            "MIME-Version": "1.0",
            "Content-Type": f"text/plain; charset={self.charset}",
            "Content-Transfer-Encoding": "quoted-printable",
        }
        head = "".join(f"{name}: {value}\n" for name, value in headers.items())
        body = quopri.encodestring(self.text.encode(self.charset)).decode("ascii")
        return f"From MAILER {day} {month} {self.at:%d %H:%M:%S %Y}\n{head}\n{body}\n"


def _word(text: str) -> str:
    """The text in a header: encoded by RFC 2047 if it is not ASCII."""
    return text if text.isascii() else f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


def message_id(campaign: Campaign, person: Person, domain: str) -> str:
    """The Message-ID of a campaign's mail to one person, without their name."""
    return f"<{campaign.id}.{token(campaign.id, person.mail)}@mail.{domain}>"


def mailbox_file(story: Story) -> str:
    """All mails by time. One reply was delivered twice."""
    mails = [*_sent(story), *_replies(story), *_automatic(story), *_bounces(story)]
    mails.sort(key=lambda mail: (mail.at, mail.message_id))
    twice = next(mail for mail in mails if mail.subject.startswith("Re:"))
    mails.insert(mails.index(twice) + 1, twice)
    return "".join(mail.block() for mail in mails)


def _sent(story: Story) -> Iterator[Mail]:
    for campaign in story.campaigns:
        for position, person in enumerate(story.recipients(campaign)):
            yield Mail(
                at=offset(campaign.sent, position),
                sender=("Nordwerk Medizintechnik", _inbox(story)),
                to=person.mail,
                subject=campaign.subject,
                text=f"{campaign.subject}.\n\nAll of this is invented. Reply to this mail, somebody reads it.\n",
                message_id=message_id(campaign, person, story.domain),
                headers={"X-Campaign": campaign.id},
            )


def _replies(story: Story) -> Iterator[Mail]:
    for scene in story.scenes("replies", "replies in latin-1"):
        person, (campaign, text) = scene.people[0], _answered(story, scene)
        parent = message_id(campaign, person, story.domain)
        # Some mail programs leave In-Reply-To out and give References alone.
        joined = {"References": parent} if person.number % 3 == 0 else {"In-Reply-To": parent, "References": parent}
        quoted = f"On {campaign.sent:%Y-%m-%d} Nordwerk Medizintechnik wrote:\n> {campaign.subject}.\n"
        yield Mail(
            at=scene.at,
            sender=(person.name, person.mail),
            to=_inbox(story),
            subject=f"Re: {campaign.subject}",
            text=f"{text}\n\n{quoted}",
            message_id=_own_id(scene, person),
            headers=joined,
            charset="iso-8859-1" if scene.does == "replies in latin-1" else "utf-8",
        )


def _automatic(story: Story) -> Iterator[Mail]:
    for scene in story.scenes("answers automatically"):
        person, (campaign, text) = scene.people[0], _answered(story, scene)
        parent = message_id(campaign, person, story.domain)
        yield Mail(
            at=scene.at,
            sender=(person.name, person.mail),
            to=_inbox(story),
            subject=f"Out of office: {campaign.subject}",
            text=f"{text}\n",
            message_id=_own_id(scene, person),
            headers={"In-Reply-To": parent, "Auto-Submitted": "auto-replied"},
        )


def _bounces(story: Story) -> Iterator[Mail]:
    for scene in story.scenes("bounces"):
        person, campaign = scene.people[0], story.campaign(scene.what)
        parent = message_id(campaign, person, story.domain)
        yield Mail(
            at=scene.at,
            sender=("Mail Delivery System", f"MAILER-DAEMON@{story.domain}"),
            to=_inbox(story),
            subject="Undelivered mail",
            text=f"{person.mail}: 550 5.1.1 no such mailbox\n",
            message_id=f"<{token('bounce', parent)}@{story.domain}>",
            headers={"In-Reply-To": parent, "Auto-Submitted": "auto-replied", "X-Failed-Recipients": person.mail},
        )


def _answered(story: Story, scene: Scene) -> tuple[Campaign, str]:
    name, text = scene.what.split(": ", 1)
    return story.campaign(name), text


def _inbox(story: Story) -> str:
    return f"news@{story.domain}"


def _own_id(scene: Scene, person: Person) -> str:
    return f"<{token('mail', scene.what, person.mail)}@{person.mail.split('@')[1]}>"
