"""Caps (`at_most`, scoring.md 11 to 13): counters per calendar window that limit how often a rule counts."""

from typing import Any

import msgspec

from scoring.fold.state import Account, AppliedFact, Contact
from scoring.plan.calendar import Calendar
from scoring.plan.plan import CapPlan

_MAX_CAPS = 1 << 16

Counters = dict[int | str, int]


def consume_caps(account: Account, contact: Contact, fact: AppliedFact, caps: tuple[CapPlan, ...]) -> str | None:
    """Use one unit of every cap; if one of them is used up or expired, use none and return the reason."""
    day = fact.day
    consumed: list[tuple[int | str, int]] = []
    for cap in caps:
        number, end = cap.windows[day]
        if (
            day < account.today
            and cap.retention_ms is not None
            and end is not None
            and account.clock >= end + cap.retention_ms
        ):
            return cap.too_late_reason
        key: int | str = number * _MAX_CAPS + cap.number
        if cap.read_field is not None:
            key = f"{key}:{_canonical_json(cap.read_field(fact.data))}"
        counters = contact.cap_counters if cap.per_contact else account.cap_counters
        used = counters.get(key, 0) if counters else 0
        if used >= cap.limit:
            return cap.full_reason
        consumed.append((key, used))
    for cap, (key, used) in zip(caps, consumed, strict=True):
        counters = _cap_counters_of(contact if cap.per_contact else account)
        counters[key] = used + 1
        if not used and is_cleanup_due(len(counters)):
            drop_expired_counters(counters, account.clock, caps, fact.plan.calendar)
    return None


def is_cleanup_due(size: int) -> bool:
    """At powers of two from 8 on, so that clean-ups cost a constant amount per entry."""
    return size >= 8 and size & (size - 1) == 0


def _cap_counters_of(holder: Account | Contact) -> Counters:
    if holder.cap_counters is None:
        holder.cap_counters = {}
    return holder.cap_counters


def _canonical_json(value: Any) -> str:
    return "null" if value is msgspec.UNSET else msgspec.json.encode(value, order="sorted").decode()


def drop_expired_counters(counters: Counters, clock: int, caps: tuple[CapPlan, ...], calendar: Calendar) -> None:
    """Drop the expired counters of these caps: a fact that would read them is too late to count anyway."""
    by_index = {cap.number: cap for cap in caps}
    for key in list(counters):
        number, index = divmod(key if isinstance(key, int) else int(key.partition(":")[0]), _MAX_CAPS)
        cap = by_index.get(index)
        end = calendar.window_end(cap.window, number) if cap else None
        if cap and cap.retention_ms is not None and end is not None and clock >= end + cap.retention_ms:
            del counters[key]
