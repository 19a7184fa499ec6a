"""Due times of handoffs: service levels counted in plain time or in open time (scoring.md 32 and 33)."""

from scoring.model.definition import Handoff, Route
from scoring.model.service_level import Allowance, ServiceLevel
from scoring.plan.calendar import DAY, LAST_INSTANT
from scoring.plan.decay import HOUR
from scoring.plan.open_time import OpenTime, open_time_of

_MINUTE = 60_000
MAX_DAYS = 800
"""What ends later than this after its start has no due time."""


def due_at(
    crossed_at: int,
    cause_time: int,
    recorded_at: int,
    act_now: bool,
    handoff: Handoff,
    route: Route | None,
    timezone: str,
) -> int | None:
    """Until when sales must accept a handoff, in milliseconds since 1970; None if it has no due time.

    `cause_time` and `recorded_at` are the `time` and `recordedtime` of the record that caused the crossing, `route`
    is the one that applies, `timezone` the model's.
    """
    level = handoff.service_level
    if level is None or recorded_at - cause_time > level.history * HOUR:
        return None
    allowance = allowance_of(level, act_now)
    start = max(crossed_at, recorded_at)
    return None if allowance is None else allowance_end(start, allowance, open_time(level, route, timezone))


def step_at(
    percent: int, starts_at: int, due: int, act_now: bool, handoff: Handoff, route: Route | None, timezone: str
) -> int:
    """The instant at which this share of the open time between the start of a service level and its due time has
    passed; of plain time where business time does not apply. More than 100 percent lie after the due time.
    """
    level = handoff.service_level
    allowance = allowance_of(level, act_now) if level else None
    if percent == 100:
        return due
    if level and allowance and allowance.business:
        hours = open_time(level, route, timezone)
        share = hours.duration_between(starts_at, due) * percent // 100
        end = hours.end_after(starts_at, share, _latest_end(starts_at)) if share else None
        if end is not None:
            return end
    return starts_at + (due - starts_at) * percent // 100


def applied_route(
    name: str | None, starts_at: int, due: int | None, act_now: bool, handoff: Handoff, timezone: str
) -> Route | None:
    """The route of this name by which a handoff got its due time: two routes to the same receiver may differ in hours.

    The first one of the name where none gives that due time, as after a change of the model.
    """
    routes = [route for route in handoff.routes if route.to == name]
    same_due = (
        route for route in routes if due_at(starts_at, starts_at, starts_at, act_now, handoff, route, timezone) == due
    )
    return next(same_due, routes[0] if routes else None)


def allowance_of(level: ServiceLevel, act_now: bool) -> Allowance | None:
    return (level.act_now if act_now else None) or level.accept_within


def open_time(level: ServiceLevel, route: Route | None, timezone: str) -> OpenTime:
    """Zone, hours and closed days of the route, each else of the model."""
    zone = route.zone if route and route.zone is not None else timezone
    hours = route.hours if route and route.hours is not None else level.hours
    closed = route.closed if route and route.closed is not None else level.closed
    return open_time_of(zone, hours, closed)


def allowance_end(start: int, allowance: Allowance, hours: OpenTime) -> int | None:
    """The instant at which an allowance has passed. Plain time runs day and night; business hours beside business
    days are counted from the close of the last day.
    """
    latest = _latest_end(start)
    end: int | None
    if not allowance.business:
        end = start + allowance.minutes * _MINUTE
        return end if end <= latest else None
    end = hours.close_of_open_day(start, allowance.days, latest) if allowance.days else start
    return None if end is None else hours.end_after(end, allowance.minutes * _MINUTE, latest)


def _latest_end(start: int) -> int:
    return min(start + MAX_DAYS * DAY, LAST_INSTANT)
