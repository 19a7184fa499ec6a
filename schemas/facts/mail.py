"""Facts of the family email: what became of mails, and what people did with them. Never an address or a body."""

from typing import ClassVar

from schemas.facts.content import Content


class Delivered(Content):
    type: ClassVar[str] = "email.delivered.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class Opened(Content):
    type: ClassVar[str] = "email.opened.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    machine: bool | None = None
    """Opened by a mail proxy, not by a person; what that is worth is the model's affair."""


class Clicked(Content):
    type: ClassVar[str] = "email.clicked.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    url: str | None = None


class Replied(Content):
    type: ClassVar[str] = "email.replied.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class Bounced(Content):
    type: ClassVar[str] = "email.bounced.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    reason: str | None = None


class Unsubscribed(Content):
    type: ClassVar[str] = "email.unsubscribed.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class Complained(Content):
    type: ClassVar[str] = "email.complained.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


FACTS = (Delivered, Opened, Clicked, Replied, Bounced, Unsubscribed, Complained)
