"""What an account looks like at an instant: a copy's clock moves, the account itself never does."""

from schemas.scores import Fit, TrackScore
from schemas.times import format_time
from scoring.account import advance, begin
from scoring.calendar import LATEST
from scoring.codec import decode_account, encode_account
from scoring.counting import recount
from scoring.falls import falls_at
from scoring.plan import Plan, TrackPlan
from scoring.stages import score_now, stage_name
from scoring.state import Account


def seen_at(account: Account, instant: int, plan: Plan) -> Account:
    """A copy, its clock at `instant` or at its own where that is later; falls up to then are decided in it."""
    copy = account_at(encode_account(account), instant, plan)
    assert copy is not None, "a state that this fold wrote is of this fold's version"
    return copy


def account_at(state: bytes, instant: int, plan: Plan) -> Account | None:
    """The same of an encoded state; None where another version of the fold wrote it."""
    account = decode_account(state, plan)
    if account is None:
        return None
    begin(account, keep_lines=False)
    if instant > account.clock:
        advance(account, instant, plan)
    return account


def track_scores(account: Account, plan: Plan) -> dict[str, TrackScore]:
    return {track.name: track_score(account, track, plan) for track in plan.tracks}


def track_score(account: Account, track: TrackPlan, plan: Plan) -> TrackScore:
    """Score, stage and breadth at the account's clock, and the instant of the next fall."""
    state = account.tracks[track.number]
    recount(state, track, account.today)
    return TrackScore(
        score_now(account, track),
        stage_name(track, state.stage),
        state.counts[track.shown],
        _instant(falls_at(account, track, account.clock, plan)),
        state.crossings,
        _instant(state.cooling_until),
        _instant(state.act_now_until),
    )


def fit_of(account: Account) -> Fit:
    return Fit(account.fit, account.grade)


def _instant(milliseconds: int | None) -> str | None:
    """None too for what comes after the year 9999, which nobody can write."""
    return None if milliseconds is None or milliseconds > LATEST else format_time(milliseconds)
