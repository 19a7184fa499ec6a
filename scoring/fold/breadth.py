"""Breadth (scoring.md 18): on which local days identified contacts were engaged, as day buckets per track."""

from scoring.fold.caps import crowded
from scoring.fold.state import Account, Contact, TrackState
from scoring.plan.plan import Plan, TrackPlan


def engage(account: Account, contact: Contact, day: int, tracks: int, plan: Plan) -> None:
    """The contact was engaged on this local day, in these tracks (bits)."""
    for track in plan.tracks:
        if tracks >> track.number & 1 and day > contact.engaged[track.number]:
            before = contact.engaged[track.number]
            contact.engaged[track.number] = day
            if contact.id.startswith("c_"):
                move_day(account, account.tracks[track.number], track, before, day, plan)


def move_day(account: Account, state: TrackState, track: TrackPlan, before: int, day: int, plan: Plan) -> None:
    """An identified contact, last engaged on `before`, is engaged on `day`: day buckets and counts follow."""
    today = account.today
    recount(state, track, today)
    days = state.days
    if before in days:
        days[before] -= 1
        if not days[before]:
            del days[before]
    days[day] = days.get(day, 0) + 1
    if crowded(len(days)):
        for old in [old for old in days if old <= today - max(track.windows)]:
            del days[old]
    for i, width in enumerate(track.windows):
        first = today - width + 1
        if before < first <= day:
            state.counts[i] += 1


def recount(state: TrackState, track: TrackPlan, today: int) -> None:
    """Bring the counts to this local day."""
    if state.counted_on == today:
        return
    state.counted_on = today
    state.counts = [count_days(state, today - width + 1) for width in track.windows]


def count_days(state: TrackState, first: int) -> int:
    found = 0
    for day, contacts in state.days.items():
        if day >= first:
            found += contacts
    return found
