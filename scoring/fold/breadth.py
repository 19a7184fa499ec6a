"""Breadth (scoring.md 18): how many identified contacts were last engaged on which local day, per track."""

from scoring.fold.caps import is_cleanup_due
from scoring.fold.state import Account, Contact, TrackState


def mark_engaged(account: Account, contact: Contact, day: int, tracks: int) -> None:
    """The contact was engaged on this local day, in these tracks (bits)."""
    for number, state in enumerate(account.tracks):
        if tracks >> number & 1 and day > contact.last_engaged_days[number]:
            previous_day = contact.last_engaged_days[number]
            contact.last_engaged_days[number] = day
            if contact.id.startswith("c_"):
                move_engaged_day(state, previous_day, day, account.today)


def move_engaged_day(state: TrackState, previous_day: int, day: int, today: int) -> None:
    """Count an identified contact on `day` instead of `previous_day`, and update the breadth per window."""
    refresh_counts(state, today)
    days, windows = state.contacts_by_day, state.plan.breadth_windows
    if previous_day in days:
        days[previous_day] -= 1
        if not days[previous_day]:
            del days[previous_day]
    days[day] = days.get(day, 0) + 1
    if is_cleanup_due(len(days)):
        for old in [old for old in days if old <= today - max(windows)]:
            del days[old]
    for i, width in enumerate(windows):
        first = today - width + 1
        if previous_day < first <= day:
            state.counts[i] += 1


def refresh_counts(state: TrackState, today: int) -> None:
    """Bring the breadth per window to this local day."""
    state.counts = counts_on(state, today)
    state.counted_day = today


def counts_on(state: TrackState, day: int) -> list[int]:
    """Breadth per window on a local day, if nothing happens until then."""
    if state.counted_day == day:
        return state.counts
    return [count_contacts_since(state, day - width + 1) for width in state.plan.breadth_windows]


def count_contacts_since(state: TrackState, first: int) -> int:
    total = 0
    for day, contacts in state.contacts_by_day.items():
        if day >= first:
            total += contacts
    return total
