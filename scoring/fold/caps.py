"""Caps (`at_most`, scoring.md 11 to 13): counters per window, and whether a contribution finds room in them."""

from typing import Any

import msgspec

from scoring.fold.state import Account, Contact
from scoring.plan.calendar import Calendar
from scoring.plan.plan import CapPlan, Plan

_CAP_NUMBERS = 1 << 16

Counters = dict[int | str, int]


def take_room(
    account: Account, contact: Contact, caps: tuple[CapPlan, ...], content: Any, day: int, plan: Plan
) -> str | None:
    """Use one unit of every cap, or none of any and answer the first that has no room."""
    taken: list[tuple[int | str, int]] = []
    for cap in caps:
        number, end = cap.windows[day]
        if day < account.today and cap.keep is not None and end is not None and account.clock >= end + cap.keep:
            return cap.too_late
        key: int | str = number * _CAP_NUMBERS + cap.number
        if cap.read is not None:
            key = f"{key}:{_text_of(cap.read(content))}"
        counters = contact.caps if cap.per_contact else account.caps
        used = counters.get(key, 0) if counters else 0
        if used >= cap.limit:
            return cap.full
        taken.append((key, used))
    for cap, (key, used) in zip(caps, taken, strict=True):
        counters = _counters(contact if cap.per_contact else account)
        counters[key] = used + 1
        if not used and crowded(len(counters)):
            forget_counters(counters, account.clock, caps, plan.calendar)
    return None


def crowded(size: int) -> bool:
    """Now and then, so that looking for what may be forgotten costs nothing in the mean."""
    return size >= 8 and size & (size - 1) == 0


def _counters(holder: Account | Contact) -> Counters:
    if holder.caps is None:
        holder.caps = {}
    return holder.caps


def _text_of(value: Any) -> str:
    return "null" if value is msgspec.UNSET else msgspec.json.encode(value, order="sorted").decode()


def forget_counters(counters: Counters, clock: int, caps: tuple[CapPlan, ...], calendar: Calendar) -> None:
    """Drop those of these caps that are no longer kept: what would ask them is too late to count anyway."""
    by_index = {cap.number: cap for cap in caps}
    for key in list(counters):
        number, index = divmod(key if isinstance(key, int) else int(key.partition(":")[0]), _CAP_NUMBERS)
        cap = by_index.get(index)
        end = calendar.window_end(cap.window, number) if cap else None
        if cap and cap.keep is not None and end is not None and clock >= end + cap.keep:
            del counters[key]
