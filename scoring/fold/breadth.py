"""Breadth (scoring.md 18): on which local days identified contacts were engaged, as day buckets per track."""

from scoring.fold.caps import is_cleanup_due
from scoring.fold.state import Account, Contact, TrackState
from scoring.plan.plan import Plan, TrackPlan


def mark_engaged(account: Account, contact: Contact, day: int, tracks: int, plan: Plan) -> None:
    """The contact was engaged on this local day, in these tracks (bits)."""
    for track in plan.tracks:
        if tracks >> track.number & 1 and day > contact.last_engaged_days[track.number]:
            previous_day = contact.last_engaged_days[track.number]
            contact.last_engaged_days[track.number] = day
            if contact.id.startswith("c_"):
                move_engaged_day(account, account.tracks[track.number], track, previous_day, day, plan)


def move_engaged_day(
    account: Account, state: TrackState, track: TrackPlan, previous_day: int, day: int, plan: Plan
) -> None:
    """An identified contact, last engaged on `before`, is engaged on `day`: day buckets and counts follow."""
    today = account.today
    refresh_counts(state, track, today)
    days = state.contacts_by_day
    if previous_day in days:
        days[previous_day] -= 1
        if not days[previous_day]:
            del days[previous_day]
    days[day] = days.get(day, 0) + 1
    if is_cleanup_due(len(days)):
        for old in [old for old in days if old <= today - max(track.breadth_windows)]:
            del days[old]
    for i, width in enumerate(track.breadth_windows):
        first = today - width + 1
        if previous_day < first <= day:
            state.counts[i] += 1


def refresh_counts(state: TrackState, track: TrackPlan, today: int) -> None:
    """Bring the counts to this local day."""
    if state.counted_day == today:
        return
    state.counted_day = today
    state.counts = [count_contacts_since(state, today - width + 1) for width in track.breadth_windows]


def count_contacts_since(state: TrackState, first: int) -> int:
    total = 0
    for day, contacts in state.contacts_by_day.items():
        if day >= first:
            total += contacts
    return total
