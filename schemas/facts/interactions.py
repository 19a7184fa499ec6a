"""Facts of the families event, call, chat, ad and referral: contacts with people outside mail and calendar."""

from typing import ClassVar

from schemas.facts.content import FactData, Quantity


class EventRegistered(FactData):
    type: ClassVar[str] = "event.registered.v1"
    event: str | None = None
    kind: str | None = None
    """`webinar`, `trade_fair`, …"""


class EventAttended(FactData):
    type: ClassVar[str] = "event.attended.v1"
    event: str | None = None
    kind: str | None = None
    minutes: Quantity | None = None


class CallConnected(FactData):
    type: ClassVar[str] = "call.connected.v1"
    minutes: Quantity | None = None
    direction: str | None = None


class ChatHeld(FactData):
    type: ClassVar[str] = "chat.held.v1"
    minutes: Quantity | None = None
    url: str | None = None


class AdClicked(FactData):
    type: ClassVar[str] = "ad.clicked.v1"
    campaign: str | None = None
    ad: str | None = None
    url: str | None = None


class ReferralMade(FactData):
    type: ClassVar[str] = "referral.made.v1"
    referred: str | None = None
    """The account id that was recommended to us."""


FACTS = (EventRegistered, EventAttended, CallConnected, ChatHeld, AdClicked, ReferralMade)
