"""Which event makes which alert, and whether it is told, held back, or history. Never reads a clock or a table."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from alerts.outbox import HELD, HISTORY, WAITING, NewAlert, Told
from schemas.envelope import FactRecord
from schemas.handoff_events import HandoffExpired, HandoffProposed
from schemas.times import format_time, parse_time

_MINUTE, _HOUR = 60_000, 3_600_000


class Rule(NamedTuple):
    """A kind of alert. `urgent`: what `act_now` of the event has to be, None: no matter; times in milliseconds."""

    kind: str
    event: str
    urgent: bool | None
    cool_down: int


RULES: Sequence[Rule] = (
    Rule("act_now", HandoffProposed.type, urgent=True, cool_down=15 * _MINUTE),
    Rule("handoff_proposed", HandoffProposed.type, urgent=False, cool_down=4 * _HOUR),
    Rule("service_level_passed", HandoffExpired.type, urgent=None, cool_down=4 * _HOUR),
)
KINDS = tuple(rule.kind for rule in RULES)
COOL_DOWN = {rule.kind: rule.cool_down for rule in RULES}
"""At most one alert of a kind about an account within this span, by each channel."""

INCLUDED = {"act_now": "handoff_proposed"}
"""A channel that wants the latter is told of the former, too: whoever wants all handoffs wants the urgent ones."""


def kind_of(event: FactRecord) -> str | None:
    """None where nobody needs to be told."""
    urgent = event.data.get("act_now") is True
    fitting = (rule.kind for rule in RULES if rule.event == event.type and rule.urgent in (None, urgent))
    return next(fitting, None)


def alert_id(event: FactRecord, kind: str) -> str:
    """The same for the same event, however often it is read."""
    told = "\n".join((event.source, event.id, kind))
    return f"alert_{sha256(told.encode()).hexdigest()[:32]}"


def is_wanted(kind: str, route: str | None, kinds: Sequence[str] | None, routes: Sequence[str] | None) -> bool:
    """Whether a channel that takes these kinds and routes (None: all) is told."""
    takes_kind = kinds is None or kind in kinds or INCLUDED.get(kind) in kinds
    return takes_kind and (routes is None or route in routes)


class Judge:
    """Decides one alert after another, each upon those before it. `fresh` and `cool_down` in milliseconds."""

    def __init__(self, told: Iterable[Told], now: int, fresh: int, cool_down: Mapping[str, int]) -> None:
        self._now, self._fresh, self._cool_down = now, fresh, cool_down
        self._told: dict[tuple[str, str, str], list[Told]] = {}
        for each in told:
            self._alike(each).append(each)

    def judged(self, event: FactRecord, kind: str, channel: str, content: bytes) -> NewAlert:
        """A row that waits to be told, or one that says why it is not."""
        told = Told(alert_id(event, kind), channel, kind, event.subject, parse_time(event.time))
        status, why = self._status(told)
        if status == WAITING:
            self._alike(told).append(told)
        return NewAlert(*told[:4], event=content, at=told.at, status=status, next_try_at=self._now, why=why)

    def _status(self, told: Told) -> tuple[str, str | None]:
        if told.at < self._now - self._fresh:
            return HISTORY, f"happened {format_time(told.at)}, read {format_time(self._now)}: too long ago to be told"
        before = next((each for each in self._alike(told) if self._cools(each, told)), None)
        if before is not None:
            return HELD, f"cooling down: told of this account at {format_time(before.at)} already, by {before.id}"
        return WAITING, None

    def _cools(self, before: Told, told: Told) -> bool:
        return before.id != told.id and abs(told.at - before.at) < self._cool_down[told.kind]

    def _alike(self, told: Told) -> list[Told]:
        return self._told.setdefault((told.channel, told.kind, told.account), [])
