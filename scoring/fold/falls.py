"""Falls: the stages that an account loses because time passes, and the instant of the next loss.

While nothing happens, the breadth of a track and a positive score can only go down, so a stage that is lost at one
instant stays lost, and the first such instant can be found by search. Breadth ends at a midnight that follows from
the day buckets. For the score, the search looks for the first whole hour below the stage's `leave`: it starts at an
hour estimated by Newton's method and steps away from it with doubled steps until one hour reaches the threshold and
a later one does not, then halves the interval between them. Every comparison uses the exact score of an hour; the
estimate may differ between machines, which changes how long the search takes but not its result.
"""

from math import inf, log2

from msgspec import Struct

from scoring.fold.breadth import counts_on
from scoring.fold.stages import change_stage, highest_held_stage, holds_stage, reaches_threshold, required_contacts
from scoring.fold.state import Account, TrackSnapshot, TrackState
from scoring.plan.decay import HOUR, GrowthFactors
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_NEWTON_STEPS = 30
_MAX_STEP_HOURS = 1e9
_MAX_HALVINGS = 1100
"""After so many half-lives nothing is left of a sum."""


class ScoreCurve(Struct, gc=False):
    """The score of a track by hour, if nothing happens."""

    account: Account
    track: TrackPlan
    growth: GrowthFactors

    def at(self, hour: int) -> float:
        """The score at this hour."""
        factors, sums = self.growth.factors(hour, self.account.eras), self.account.sums
        score = 0.0
        for slot, k in self.track.slots:
            score += sums[slot] / factors[k]
        return score

    def parts_at(self, hour: int) -> list[tuple[float, float]]:
        """What each half-life adds to the score at this hour, and its rate of decay in halvings per hour."""
        factors, sums = self.growth.factors(hour, self.account.eras), self.account.sums
        half_lives = self.growth.half_lives
        return [
            (sums[slot] / factors[k], 1.0 / half_life if (half_life := half_lives[k]) else 0.0)
            for slot, k in self.track.slots
            if sums[slot]
        ]

    def permanent_part(self) -> float:
        """The part of the score that never decays."""
        return sum(self.account.sums[slot] for slot, k in self.track.slots if self.growth.half_lives[k] is None)

    def slowest_half_life(self) -> int | None:
        """In hours, of the parts that decay; None if there are none."""
        half_lives = [self.growth.half_lives[k] for slot, k in self.track.slots if self.account.sums[slot]]
        return max((hours for hours in half_lives if hours is not None), default=None)


def apply_falls(account: Account, state: TrackState, until: int, plan: Plan) -> None:
    """Record the falls up to `until`, each at its own instant."""
    curve = ScoreCurve(account, state.plan, plan.growth)
    needs_breadth = state.plan.stages[state.stage].required_contacts
    counts = counts_on(state, plan.calendar.day(until)) if needs_breadth else []
    if holds_stage(TrackSnapshot(account, state, curve.at(until // HOUR), counts, until), state.stage):
        return
    since = account.clock
    while (instant := next_fall_at(account, state, since, plan)) is not None and instant <= until:
        counts = counts_on(state, plan.calendar.day(instant))
        fall = TrackSnapshot(account, state, curve.at(instant // HOUR), counts, instant)
        change_stage(fall, highest_held_stage(fall, state.stage), "time")
        since = instant


def next_fall_at(account: Account, state: TrackState, since: int, plan: Plan) -> int | None:
    """The instant after `since` at which the current stage is lost if nothing happens; None if it never is."""
    track = state.plan
    if state.stage < 0:
        return None
    stage = track.stages[state.stage]
    breadth_end = breadth_ends_at(account, state, stage, plan)
    score_end_hour = first_hour_below(ScoreCurve(account, track, plan.growth), since // HOUR, stage.leave)
    first = min(inf if breadth_end is None else breadth_end, inf if score_end_hour is None else score_end_hour * HOUR)
    if state.stage == track.handoff_stage and state.act_now_until is not None and state.act_now_until > since:
        first = max(first, state.act_now_until)
    return None if first == inf else int(first)


def breadth_ends_at(account: Account, state: TrackState, stage: StagePlan, plan: Plan) -> int | None:
    """The local midnight after the last day on which enough contacts are within the window."""
    if not stage.required_contacts:
        return None
    required, reached = required_contacts(account, stage), 0
    if required <= 0:
        return None
    for day in sorted(state.contacts_by_day, reverse=True):
        reached += state.contacts_by_day[day]
        if reached >= required:
            return plan.calendar.midnight(day + stage.breadth_days)
    return account.clock


def first_hour_below(curve: ScoreCurve, hour: int, bound: float) -> int | None:
    """The first hour after `hour` whose score no longer reaches the bound; None if every hour does."""
    if not reaches_threshold(curve.at(hour), bound):
        return hour + 1
    if curve.slowest_half_life() is None:
        return None
    permanent = curve.permanent_part()
    if permanent > 0 and reaches_threshold(permanent, bound):
        return None
    return search_first_hour_below(curve, hour, bound)


def search_first_hour_below(curve: ScoreCurve, low: int, bound: float) -> int | None:
    """The first hour that does not reach the bound, given that `low` does."""
    search_limit = low + _MAX_HALVINGS * (curve.slowest_half_life() or 0)
    middle = min(low + 1 + estimated_hours_above(curve, low, bound), search_limit + 1)
    high: int | None = None
    step = 1
    while high is None or high - low > 1:
        if not reaches_threshold(curve.at(middle), bound):
            high = middle
        elif middle > search_limit:
            return None
        else:
            low = middle
        middle = low + step if high is None else max(high - step, (low + high) // 2)
        step *= 2
    return high


def estimated_hours_above(curve: ScoreCurve, low: int, bound: float) -> int:
    """About how many hours after `low` the score stays above the bound; may differ between machines.

    Newton's method on the logarithm of the score: that curve is convex, so no step goes too far.
    """
    parts = curve.parts_at(low)
    hours = 0.0
    for _ in range(_NEWTON_STEPS):
        score = slope = 0.0
        for part, rate in parts:
            remaining = part * 2.0 ** (-hours * rate)
            score += remaining
            slope += remaining * rate
        if slope <= 0.0 or score <= bound:
            break
        increment = log2(score / bound) * score / slope
        if not 0.01 < increment < _MAX_STEP_HOURS:
            break
        hours += increment
    return int(hours)
