"""Stages, falls and the gate for the oracle (scoring rules 8 and 20 to 25). Steps through time hour by hour."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from tests.scoring.oracle.book import (
    NONE,
    AccountBook,
    Fact,
    Handoff,
    TrackBook,
    contacts_needed,
    decay_factor_after,
    fit,
    has_contacts,
    score,
    sums_by_half_life,
)
from tests.scoring.oracle.calendar import END_OF_TIME, hours_between, instants_after, local_day, write_time
from tests.scoring.oracle.model import Model, Track
from tests.scoring.oracle.operators import all_hold
from tests.scoring.oracle.service_level import due_time

ENGAGEMENT = ("web", "email", "meeting", "event", "call", "chat", "ad", "product", "custom", "referral")
NO_ACTS = (
    "email.delivered", "email.bounced", "email.unsubscribed", "email.complained",
    "meeting.canceled", "meeting.missed", "product.canceled",
)  # fmt: skip


def move_clock(model: Model, book: AccountBook, to: datetime) -> None:
    """Time passes, never backwards: what falls up to and including `to` falls at its own instant."""
    for track in model.tracks:
        passed = book.clock
        while (instant := next_fall(model, book, track, passed, to)) is not None:
            _fall(model, book, track, instant)
            passed = instant
    book.clock = max(book.clock, to)


def next_fall(
    model: Model, book: AccountBook, track: Track, after: datetime, until: datetime = END_OF_TIME
) -> datetime | None:
    """The first instant after `after`, and not after `until`, at which the present stage holds no longer."""
    notes = book.tracks[track.name]
    if notes.stage == NONE or until <= after or _holds_forever(book, track, after):
        return None
    instants = takewhile(lambda instant: instant <= until, instants_after(after, model.zone))
    future_stage = _FutureStage(model, book, track, after)
    return next((instant for instant in instants if not future_stage.holds(instant)), None)


class _FutureStage:
    """`holds` for the present stage at later instants, without summing all lines for every hour of a year."""

    def __init__(self, model: Model, book: AccountBook, track: Track, start: datetime) -> None:
        self.model, self.book, self.track, self.start = model, book, track, start
        self.notes = book.tracks[track.name]
        self.stage = track.stages[self.notes.stage]
        self.sums = sums_by_half_life(self.notes, start)
        self.contacts: dict[date, bool] = {}

    def holds(self, at: datetime) -> bool:
        is_handoff = self.notes.stage == self.track.handoff
        if is_handoff and _is_act_now(self.notes, at):
            return True
        return round(self._score(at), 6) >= self.stage.leave and self._has_contacts(at)

    def _score(self, at: datetime) -> float:
        hours = hours_between(self.start, at)
        return math.fsum(value * decay_factor_after(hours, half_life) for half_life, value in self.sums.items())

    def _has_contacts(self, at: datetime) -> bool:
        today = local_day(at, self.model.zone)
        if today not in self.contacts:
            self.contacts[today] = has_contacts(self.model, self.book, self.track, self.stage, at)
        return self.contacts[today]


def _holds_forever(book: AccountBook, track: Track, at: datetime) -> bool:
    """Whether the present stage holds for ever: no contacts asked for, and what never fades is enough alone.

    What never fades is positive only in a track whose deductions never fade either, so all that fades is positive.
    """
    notes = book.tracks[track.name]
    stage = track.stages[notes.stage]
    lasting = sums_by_half_life(notes, at).get(None, 0.0)
    return contacts_needed(stage, book.known_fields) == 0 and round(lasting, 6) >= stage.leave


def holds(model: Model, book: AccountBook, track: Track, stage: int, at: datetime, *, entering: bool = False) -> bool:
    """Whether a stage may be kept, or entered, at an instant as far as score and conditions go."""
    wanted, notes = track.stages[stage], book.tracks[track.name]
    if wanted.fit is not None and fit(model, book)[1] not in wanted.fit:
        return False
    if stage == track.handoff and _is_act_now(notes, at):
        return True
    threshold = wanted.enter if entering else wanted.leave
    return round(score(notes, at), 6) >= threshold and has_contacts(model, book, track, wanted, at)


def decide_stage(model: Model, book: AccountBook, track: Track, fact: Fact, before: int) -> None:
    """After a fact: enter the highest stage above that may be entered, else keep, else fall. `before` the fact."""
    notes = book.tracks[track.name]
    if all_hold(track.when, book.known_fields):
        notes.stage = _next_stage(model, book, track, fact)
    else:
        _leave(notes)
    _note_change(book, track, before, book.clock, fact.id)
    if track.handoff is not None and before < track.handoff <= notes.stage:
        _cross(model, book, track, fact)


def _leave(notes: TrackBook) -> None:
    """A track whose `when` does not hold: no stage, and what sales has not accepted is withdrawn."""
    notes.stage = NONE
    for handoff in notes.handoffs:
        if handoff.status in ("proposed", "expired"):
            handoff.status = "withdrawn"


def end_cooldown(track: TrackBook, fact: Fact) -> None:
    """An engagement event at or after the end of the cool-down ends it."""
    is_act = fact.type.split(".")[0] in ENGAGEMENT and fact.type not in NO_ACTS
    of_person = is_act and not fact.is_bot and not fact.is_machine
    if of_person and track.cooling_until is not None and fact.time >= track.cooling_until:
        track.cooling_until = None


def _is_act_now(notes: TrackBook, at: datetime) -> bool:
    return notes.act_now_until is not None and at < notes.act_now_until


def _next_stage(model: Model, book: AccountBook, track: Track, fact: Fact) -> int:
    notes = book.tracks[track.name]
    for stage in _enterable(model, book, track):
        if not _is_cooling(track, notes, stage):
            return stage
        _note_cooling(book, track, fact)
    if notes.stage == NONE or holds(model, book, track, notes.stage, book.clock):
        return notes.stage
    return _lower_stage(model, book, track, book.clock)


def _enterable(model: Model, book: AccountBook, track: Track) -> list[int]:
    """Stages above the present one whose threshold and conditions are met, highest first."""
    above = range(len(track.stages) - 1, book.tracks[track.name].stage, -1)
    return [stage for stage in above if holds(model, book, track, stage, book.clock, entering=True)]


def _is_cooling(track: Track, notes: TrackBook, stage: int) -> bool:
    return notes.cooling_until is not None and track.handoff is not None and stage >= track.handoff


def _lower_stage(model: Model, book: AccountBook, track: Track, at: datetime) -> int:
    below = range(book.tracks[track.name].stage - 1, NONE, -1)
    return next((stage for stage in below if holds(model, book, track, stage, at)), NONE)


def _fall(model: Model, book: AccountBook, track: Track, at: datetime) -> None:
    notes = book.tracks[track.name]
    before, notes.stage = notes.stage, _lower_stage(model, book, track, at)
    _note_change(book, track, before, at, "time")


def _cross(model: Model, book: AccountBook, track: Track, fact: Fact) -> None:
    notes = book.tracks[track.name]
    notes.crossings += 1
    why = _gate(book, notes)
    if why is not None:
        notes.gated.append(_gated(book, track, fact, why, notes.crossings))
        return
    route = _route(model, book)
    act_now = _is_act_now(notes, book.clock)
    handoff = Handoff(
        handoff=f"{book.account}/{track.name}/{notes.crossings}",
        track=track.name,
        crossing=notes.crossings,
        crossed_at=book.clock,
        fact=fact.id,
        score=score(notes, book.clock),
        route=route["to"] if route else None,
        act_now=act_now,
        due_at=due_time(model.handoff, route, model.timezone, (book.clock, fact.time, fact.recorded), act_now=act_now),
    )
    notes.handoffs.append(handoff)


def _route(model: Model, book: AccountBook) -> Mapping[str, Any] | None:
    """The first one that applies."""
    routes = model.handoff.get("routes", [])
    return next((route for route in routes if all_hold(route.get("when", {}), book.known_fields)), None)


def _gate(book: AccountBook, notes: TrackBook) -> str | None:
    if book.suppressed:
        return "suppressed"
    with_sales = any(handoff.status in ("proposed", "accepted") or handoff.deal_open for handoff in notes.handoffs)
    return "with_sales" if with_sales else None


def _note_cooling(book: AccountBook, track: Track, fact: Fact) -> None:
    """Once per cool-down."""
    notes = book.tracks[track.name]
    if not notes.cooling_noted:
        notes.cooling_noted = True
        notes.gated.append(_gated(book, track, fact, "cooling_down", None))


def _gated(book: AccountBook, track: Track, fact: Fact, why: str, crossing: int | None) -> dict[str, Any]:
    return {"track": track.name, "crossing": crossing, "at": write_time(book.clock), "fact": fact.id, "why": why}


def _note_change(book: AccountBook, track: Track, before: int, at: datetime, cause: str) -> None:
    notes = book.tracks[track.name]
    if notes.stage == before:
        return
    change = {"at": write_time(at), "from": name_of(track, before), "to": name_of(track, notes.stage), "cause": cause}
    notes.stages.append({**change, "score": score(notes, at)})


def name_of(track: Track, stage: int) -> str | None:
    return None if stage == NONE else track.stages[stage].name
