"""Facts of the family email: delivery of mails and reactions to them, without addresses or bodies."""

from typing import ClassVar

from schemas.facts.content import FactData


class EmailDelivered(FactData):
    type: ClassVar[str] = "email.delivered.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class EmailOpened(FactData):
    type: ClassVar[str] = "email.opened.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    machine: bool | None = None
    """Opened by a mail proxy, not by a person; what that is worth is the model's affair."""


class EmailClicked(FactData):
    type: ClassVar[str] = "email.clicked.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    url: str | None = None
    machine: bool | None = None
    """Clicked by a scanner of mails, not by a person."""


class EmailReplied(FactData):
    type: ClassVar[str] = "email.replied.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class EmailReceived(FactData):
    """A mail to us that answers nothing: the first contact of a person who writes on their own account."""

    type: ClassVar[str] = "email.received.v1"
    message: str | None = None
    """Of this mail itself."""
    subject: str | None = None


class EmailBounced(FactData):
    type: ClassVar[str] = "email.bounced.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None
    reason: str | None = None


class EmailUnsubscribed(FactData):
    type: ClassVar[str] = "email.unsubscribed.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


class EmailComplained(FactData):
    type: ClassVar[str] = "email.complained.v1"
    campaign: str | None = None
    message: str | None = None
    subject: str | None = None


FACTS = (
    EmailDelivered,
    EmailOpened,
    EmailClicked,
    EmailReplied,
    EmailReceived,
    EmailBounced,
    EmailUnsubscribed,
    EmailComplained,
)
