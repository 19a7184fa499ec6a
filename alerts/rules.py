"""Rules: which event makes which alert, and whether it is sent, held by the cool-down, or too old. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from alerts.freshness import known_at
from alerts.outbox import HELD, HISTORY, WAITING, Decision, NewAlert, SentAlert
from schemas import FactRecord, HandoffExpired, HandoffProposed, format_time

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


class AlertRule(NamedTuple):
    """A kind of alert. `urgent`: the value that `act_now` of the event must have, None: any."""

    kind: str
    event_type: str
    urgent: bool | None
    cool_down_ms: int


RULES: Sequence[AlertRule] = (
    AlertRule("act_now", HandoffProposed.type, urgent=True, cool_down_ms=15 * _MINUTE_MS),
    AlertRule("handoff_proposed", HandoffProposed.type, urgent=False, cool_down_ms=4 * _HOUR_MS),
    AlertRule("service_level_passed", HandoffExpired.type, urgent=None, cool_down_ms=4 * _HOUR_MS),
)
DEFAULT_COOL_DOWN_MS = {rule.kind: rule.cool_down_ms for rule in RULES}
"""Each channel sends at most one alert of a kind about an account within this time."""

REMINDER, ESCALATION = "reminder", "escalation"
STEP_KINDS = (REMINDER, ESCALATION)
"""Alerts of the steps of a service level, which have no cool-down."""
IMPLIED_BY = {"act_now": "handoff_proposed", REMINDER: "handoff_proposed", ESCALATION: "service_level_passed"}
"""A channel that subscribes to the second kind also gets the first: urgent handoffs are handoffs."""


def kind_of(event: FactRecord) -> str | None:
    """The kind of alert for an event; None if it makes no alert."""
    urgent = event.data.get("act_now") is True
    matching = (rule.kind for rule in RULES if rule.event_type == event.type and rule.urgent in (None, urgent))
    return next(matching, None)


def alert_id(event: FactRecord, kind: str) -> str:
    """Derived from the event, so that reading it again makes no second alert."""
    content = "\n".join((event.source, event.id, kind))
    return f"alert_{sha256(content.encode()).hexdigest()[:32]}"


class Interest(Protocol):
    """What a channel wants to hear of; None: all."""

    @property
    def kinds(self) -> Sequence[str] | None: ...

    @property
    def routes(self) -> Sequence[str] | None: ...

    @property
    def owners(self) -> Sequence[str] | None: ...


def is_subscribed(kind: str, data: Mapping[str, Any], interest: Interest) -> bool:
    """Whether a channel gets an alert of this kind and data."""
    owner = (data.get("company") or {}).get("owner")
    return takes_kind(kind, interest) and is_addressed(data.get("route"), owner, interest)


def takes_kind(kind: str, interest: Interest) -> bool:
    return interest.kinds is None or kind in interest.kinds or IMPLIED_BY.get(kind) in interest.kinds


def is_addressed(route: str | None, owner: str | None, interest: Interest) -> bool:
    """Whether a channel hears of handoffs to this route, of accounts with this owner; owners in upper or lower case."""
    owners = None if interest.owners is None else {each.casefold() for each in interest.owners}
    return (interest.routes is None or route in interest.routes) and (
        owners is None or (owner is not None and owner.casefold() in owners)
    )


class AlertPolicy:
    """Decides about alerts one by one; each decision takes the alerts before it into account."""

    def __init__(self, sent: Iterable[SentAlert], now: int, cool_down_ms: Mapping[str, int]) -> None:
        self._now, self._cool_down_ms = now, cool_down_ms
        self._sent: dict[tuple[str, ...], list[SentAlert]] = {}
        for each in sent:
            self._sent_like(each).append(each)

    def new_alert(self, event: FactRecord, kind: str, channel: str, receiver: str, content: bytes) -> NewAlert:
        """The row for the outbox: waiting, or with the reason why it is not sent."""
        alert = SentAlert(alert_id(event, kind), channel, receiver, kind, event.subject, known_at(event))
        return self.row_of(alert, content)

    def row_of(self, alert: SentAlert, content: bytes) -> NewAlert:
        """As `new_alert`, for an alert whose id is known."""
        decision = self.decide(alert)
        return NewAlert(*alert[:5], content, alert.at, next_try_at=self._now, **decision._asdict())

    def history(self, event: FactRecord, kind: str, channel: str, receiver: str, content: bytes, why: str) -> NewAlert:
        """The row of an alert that is not sent because it is history."""
        alert = SentAlert(alert_id(event, kind), channel, receiver, kind, event.subject, known_at(event))
        return NewAlert(*alert[:5], content, alert.at, HISTORY, self._now, why)

    def decide(self, alert: SentAlert) -> Decision:
        """Whether the alert is sent; if it is, it counts for those after it."""
        earlier = next((each for each in self._sent_like(alert) if self._is_cooling_down(each, alert)), None)
        if earlier is not None:
            why = f"cooling down after the alert {earlier.id} about this account at {format_time(earlier.at)}"
            return Decision(HELD, why, earlier.id)
        self._sent_like(alert).append(alert)
        return Decision(WAITING)

    def _is_cooling_down(self, earlier: SentAlert, alert: SentAlert) -> bool:
        return earlier.id != alert.id and abs(alert.at - earlier.at) < self._cool_down_ms.get(alert.kind, 0)

    def _sent_like(self, alert: SentAlert) -> list[SentAlert]:
        return self._sent.setdefault((alert.channel, alert.receiver, alert.kind, alert.account), [])
