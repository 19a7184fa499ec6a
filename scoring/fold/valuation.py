"""Values of accounts and ledger lines at an instant. The clock of a copy moves; the account itself stays as it is."""

from math import ldexp
from typing import Any

from schemas import Fit, TrackScore, format_time
from scoring.fold.breadth import refresh_counts
from scoring.fold.codec import decode_account, encode_account
from scoring.fold.evolve import advance, start_changes
from scoring.fold.falls import next_fall_at
from scoring.fold.stages import score_now, stage_name
from scoring.fold.state import Account, TrackState
from scoring.plan.calendar import LAST_INSTANT
from scoring.plan.decay import HOUR, powers_of_root
from scoring.plan.plan import Plan


def account_copy_at(account: Account, instant: int, plan: Plan) -> Account:
    """A copy with its clock at `instant`, or at the account's own if that is later, and with the falls up to then."""
    copy = account_at(encode_account(account), instant, plan)
    assert copy is not None, "this fold wrote the state, so the version matches"
    return copy


def account_at(state: bytes, instant: int, plan: Plan) -> Account | None:
    """The same from an encoded state; None if another version of the fold wrote it."""
    account = decode_account(state, plan)
    if account is None:
        return None
    start_changes(account, keep_lines=False)
    if instant > account.clock:
        advance(account, instant, plan)
    return account


def track_scores(account: Account, plan: Plan) -> dict[str, TrackScore]:
    return {state.plan.name: track_score(account, state, plan) for state in account.tracks}


def track_score(account: Account, state: TrackState, plan: Plan) -> TrackScore:
    """Score, stage and breadth at the account's clock, and the instant of the next fall."""
    track = state.plan
    refresh_counts(state, account.today)
    return TrackScore(
        score_now(account, track),
        stage_name(track, state.stage),
        state.counts[track.shown_window],
        _time_text(next_fall_at(account, state, account.clock, plan)),
        state.crossings,
        _time_text(state.cooling_until),
        _time_text(state.act_now_until),
    )


def account_fit(account: Account) -> Fit:
    return Fit(account.fit, account.grade)


def _time_text(milliseconds: int | None) -> str | None:
    """None also after the year 9999, the last that the format can express."""
    return None if milliseconds is None or milliseconds > LAST_INSTANT else format_time(milliseconds)


_MAX_HALVINGS = 1000


def decayed(value: float, half_life: int | None, time: int, at: int) -> float:
    """value * 2^-((hour of `at` - hour of `time`) / half-life), by hours in UTC; times in milliseconds."""
    if half_life is None:
        return value
    hours = at // HOUR - time // HOUR
    halvings = hours // half_life
    if halvings >= _MAX_HALVINGS:
        return 0.0
    return value / ldexp(powers_of_root(half_life)[hours % half_life], halvings)


def line_value(line: Any, at: int) -> float:
    """The value of a ledger row at an instant; 0 if a cap cut it."""
    if line.cut is not None:
        return 0.0
    return decayed(line.points * line.weight, line.half_life, line.time, at)
