"""What an account looks like at an instant: a copy's clock moves, the account itself never does."""

from math import ldexp
from typing import Any

from schemas.scores import Fit, TrackScore
from schemas.times import format_time
from scoring.fold.breadth import refresh_counts
from scoring.fold.codec import decode_account, encode_account
from scoring.fold.evolve import advance, start_changes
from scoring.fold.falls import next_fall_at
from scoring.fold.stages import score_now, stage_name
from scoring.fold.state import Account
from scoring.plan.calendar import LAST_INSTANT
from scoring.plan.decay import HOUR, powers_of_root
from scoring.plan.plan import Plan, TrackPlan


def account_copy_at(account: Account, instant: int, plan: Plan) -> Account:
    """A copy, its clock at `instant` or at its own where that is later; falls up to then are decided in it."""
    copy = account_at(encode_account(account), instant, plan)
    assert copy is not None, "a state that this fold wrote is of this fold's version"
    return copy


def account_at(state: bytes, instant: int, plan: Plan) -> Account | None:
    """The same of an encoded state; None where another version of the fold wrote it."""
    account = decode_account(state, plan)
    if account is None:
        return None
    start_changes(account, keep_lines=False)
    if instant > account.clock:
        advance(account, instant, plan)
    return account


def track_scores(account: Account, plan: Plan) -> dict[str, TrackScore]:
    return {track.name: track_score(account, track, plan) for track in plan.tracks}


def track_score(account: Account, track: TrackPlan, plan: Plan) -> TrackScore:
    """Score, stage and breadth at the account's clock, and the instant of the next fall."""
    state = account.tracks[track.number]
    refresh_counts(state, track, account.today)
    return TrackScore(
        score_now(account, track),
        stage_name(track, state.stage),
        state.counts[track.shown_window],
        _time_text(next_fall_at(account, track, account.clock, plan)),
        state.crossings,
        _time_text(state.cooling_until),
        _time_text(state.act_now_until),
    )


def account_fit(account: Account) -> Fit:
    return Fit(account.fit, account.grade)


def _time_text(milliseconds: int | None) -> str | None:
    """None too for what comes after the year 9999, which nobody can write."""
    return None if milliseconds is None or milliseconds > LAST_INSTANT else format_time(milliseconds)


_MAX_HALVINGS = 1000


def decayed(value: float, half_life: int | None, time: int, at: int) -> float:
    """Value * 2^-((hour of `at` - hour of `time`) / half-life), hours counted in UTC; times in milliseconds."""
    if half_life is None:
        return value
    hours = at // HOUR - time // HOUR
    halvings = hours // half_life
    if halvings >= _MAX_HALVINGS:
        return 0.0
    return value / ldexp(powers_of_root(half_life)[hours % half_life], halvings)


def line_value(line: Any, at: int) -> float:
    """`now` of a row with the ledger's columns: 0 where the line is cut."""
    if line.cut is not None:
        return 0.0
    return decayed(line.points * line.weight, line.half_life, line.time, at)
