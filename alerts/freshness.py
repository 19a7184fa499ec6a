"""Whether an event is news or history: an import of old files opens handoffs today, of which sales hears nothing. Pure.

When something was recorded says whether the alerts are late; when its cause happened says whether it is history. The
time of a crossing says neither, as it is that of the account's clock.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas import FactRecord, HandoffProposed, format_time, parse_time
from schemas.facts import is_act_of_person, known_type

HOUR_MS = 3_600_000
_TOO_OLD = "too old to be sent"


class Freshness(NamedTuple):
    """How long after its recording an event makes an alert, and how old its cause may be; milliseconds."""

    recorded_ms: int = 24 * HOUR_MS
    happened_ms: int = 96 * HOUR_MS

    def why_history(self, event: FactRecord, proposal: Mapping[str, Any], now: int) -> str | None:
        """Why the event is history, or None. `proposal`: the data of its handoff's proposal, as far as it is known."""
        known = known_at(event)
        if known < now - self.recorded_ms:
            recorded = "happened" if known == parse_time(event.time) else "recorded"
            return f"{recorded} {format_time(known)}, read {format_time(now)}: {_TOO_OLD}"
        if parse_time(event.time) < now - self.happened_ms:
            return f"happened {event.time}, read {format_time(now)}: {_TOO_OLD}"
        cause_at = cause_time(proposal)
        # An overdue handoff may be long open: its cause counts from the day on which it was recorded.
        seen_at = now if event.type == HandoffProposed.type else _time(proposal, "recorded_at") or now
        if cause_at is not None and cause_at < seen_at - self.happened_ms:
            return f"its cause happened {format_time(cause_at)}, recorded {format_time(seen_at)}: history"
        return None


def known_at(event: FactRecord) -> int:
    """When the event became known: when it happened, or when the fact that caused it was recorded."""
    return max(parse_time(event.time), _time(event.data, "recorded_at") or 0)


def cause_time(proposal: Mapping[str, Any]) -> int | None:
    """When the act happened that a crossing is due to; None if a proposal of an earlier version does not say it.

    Where no person acted, as where a company became known or was adjusted by hand, it is the newest contribution.
    """
    cause_type = proposal.get("cause_type")
    if cause_type is None:
        return None
    type_ = cause_type if known_type(cause_type) else f"{cause_type}.v1"  # as versions do not differ in this
    return _time(proposal, "cause_time" if is_act_of_person(type_, {}) else "evidence_until")


def _time(data: Mapping[str, Any], field: str) -> int | None:
    text = data.get(field)
    return parse_time(text) if isinstance(text, str) else None
