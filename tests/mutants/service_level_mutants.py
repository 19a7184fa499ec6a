"""Breaks in service levels: rules 32 and 33."""

from tests.mutants.mutant import Mutant, tests

_DUE_TIMES, _OPEN_TIME = "scoring/plan/due_times.py", "scoring/plan/open_time.py"
_DUE = tests("tests/scoring/plan/test_due_times.py")
_MODEL = tests("tests/scoring/model/test_service_level.py")

SERVICE_LEVEL_MUTANTS = (
    Mutant((32,), _DUE_TIMES, "start = max(crossed_at, recorded_at)", "start = crossed_at", _DUE),
    Mutant((32,), _DUE_TIMES, "start = max(crossed_at, recorded_at)", "start = recorded_at", _DUE),
    Mutant((32,), _DUE_TIMES, "recorded_at - cause_time > level.history * HOUR",
           "recorded_at - cause_time >= level.history * HOUR", _DUE),
    Mutant((32,), _DUE_TIMES, "recorded_at - cause_time > level.history * HOUR",
           "crossed_at - cause_time > level.history * HOUR", _DUE),
    Mutant((32,), _DUE_TIMES, "zone = route.zone if route and route.zone is not None else timezone", "zone = timezone",
           _DUE),
    Mutant((32,), _DUE_TIMES, "hours = route.hours if route and route.hours is not None else level.hours",
           "hours = level.hours", _DUE),
    Mutant((32,), _DUE_TIMES, "closed = route.closed if route and route.closed is not None else level.closed",
           "closed = (route and route.closed) or level.closed", _DUE),
    Mutant((32,), _DUE_TIMES, "(level.act_now if act_now else None) or level.accept_within", "level.accept_within",
           _DUE),
    Mutant((33,), "scoring/model/service_level.py", "    if closes < opens:\n        raise",
           "    if False:\n        raise", _MODEL),
    Mutant((33,), _OPEN_TIME, "                start, offset = change, self._offset(change)",
           "                start = change", _DUE),
    Mutant((33,), _OPEN_TIME, "return [] if day in self._closed else", "return [] if False else", _DUE),
    Mutant((33,), _OPEN_TIME, "start >= periods[0].opens", "start > periods[0].opens", _DUE),
    Mutant((33,), _OPEN_TIME, "start >= periods[0].opens", "True", _DUE),
    Mutant((33,), _OPEN_TIME, "if not periods or", "if", _DUE),
    Mutant((33,), _OPEN_TIME, "if duration <= period.closes - counted_from:",
           "if duration < period.closes - counted_from:", _DUE),
    Mutant((33,), _DUE_TIMES, "hours.end_after(end, allowance.minutes * _MINUTE, latest)",
           "hours.end_after(start, allowance.minutes * _MINUTE, latest)", _DUE),
    Mutant((33,), _DUE_TIMES, "    if not allowance.business:\n", "    if False:\n", _DUE),
    Mutant((33,), _DUE_TIMES, "MAX_DAYS = 800", "MAX_DAYS = 806", _DUE),
)  # fmt: skip
