"""Facts of the families event, call, chat, ad and referral: meeting people outside mail and calendar."""

from typing import ClassVar

from schemas.facts.content import Content, Quantity


class EventRegistered(Content):
    type: ClassVar[str] = "event.registered.v1"
    event: str | None = None
    kind: str | None = None
    """`webinar`, `trade_fair`, …"""


class EventAttended(Content):
    type: ClassVar[str] = "event.attended.v1"
    event: str | None = None
    kind: str | None = None
    minutes: Quantity | None = None


class CallConnected(Content):
    type: ClassVar[str] = "call.connected.v1"
    minutes: Quantity | None = None
    direction: str | None = None


class ChatHeld(Content):
    type: ClassVar[str] = "chat.held.v1"
    minutes: Quantity | None = None
    url: str | None = None


class AdClicked(Content):
    type: ClassVar[str] = "ad.clicked.v1"
    campaign: str | None = None
    ad: str | None = None
    url: str | None = None


class ReferralMade(Content):
    type: ClassVar[str] = "referral.made.v1"
    referred: str | None = None
    """The account id that was recommended to us."""


FACTS = (EventRegistered, EventAttended, CallConnected, ChatHeld, AdClicked, ReferralMade)
