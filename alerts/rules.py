"""Rules: which event makes which alert, and whether it is sent, held by the cool-down, or too old. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from alerts.outbox import HELD, HISTORY, WAITING, Decision, NewAlert, SentAlert
from schemas import FactRecord, HandoffExpired, HandoffProposed, format_time, parse_time

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_TOO_OLD = "too old to be sent"


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
KINDS = tuple(rule.kind for rule in RULES)
DEFAULT_COOL_DOWN_MS = {rule.kind: rule.cool_down_ms for rule in RULES}
"""Each channel sends at most one alert of a kind about an account within this time."""

IMPLIED_BY = {"act_now": "handoff_proposed"}
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


def is_subscribed(kind: str, route: str | None, kinds: Sequence[str] | None, routes: Sequence[str] | None) -> bool:
    """Whether a channel with these kinds and routes (None: all) gets the alert."""
    takes_kind = kinds is None or kind in kinds or IMPLIED_BY.get(kind) in kinds
    return takes_kind and (routes is None or route in routes)


class AlertPolicy:
    """Decides about alerts one by one; each decision takes the alerts before it into account."""

    def __init__(self, sent: Iterable[SentAlert], now: int, max_age_ms: int, cool_down_ms: Mapping[str, int]) -> None:
        self._now, self._max_age_ms, self._cool_down_ms = now, max_age_ms, cool_down_ms
        self._sent: dict[tuple[str, ...], list[SentAlert]] = {}
        for each in sent:
            self._sent_like(each).append(each)

    def new_alert(self, event: FactRecord, kind: str, channel: str, receiver: str, content: bytes) -> NewAlert:
        """The row for the outbox: waiting, or with the reason why it is not sent."""
        alert = SentAlert(alert_id(event, kind), channel, receiver, kind, event.subject, parse_time(event.time))
        return self.row_of(alert, content)

    def row_of(self, alert: SentAlert, content: bytes) -> NewAlert:
        """As `new_alert`, for an alert whose id is known."""
        decision = self.decide(alert)
        return NewAlert(*alert[:5], content, alert.at, next_try_at=self._now, **decision._asdict())

    def decide(self, alert: SentAlert) -> Decision:
        """Whether the alert is sent; if it is, it counts for those after it."""
        if alert.at < self._now - self._max_age_ms:
            return Decision(HISTORY, f"happened {format_time(alert.at)}, read {format_time(self._now)}: {_TOO_OLD}")
        earlier = next((each for each in self._sent_like(alert) if self._is_cooling_down(each, alert)), None)
        if earlier is not None:
            why = f"cooling down after the alert {earlier.id} about this account at {format_time(earlier.at)}"
            return Decision(HELD, why, earlier.id)
        self._sent_like(alert).append(alert)
        return Decision(WAITING)

    def _is_cooling_down(self, earlier: SentAlert, alert: SentAlert) -> bool:
        return earlier.id != alert.id and abs(alert.at - earlier.at) < self._cool_down_ms[alert.kind]

    def _sent_like(self, alert: SentAlert) -> list[SentAlert]:
        return self._sent.setdefault((alert.channel, alert.receiver, alert.kind, alert.account), [])
