"""A message that is marked as a test, so that a channel can be tried before anything happened. Never recorded."""

from alerts.channels import Alert
from projections.derived_facts import SOURCE, encode, event
from schemas.times import format_time

TYPE = "alert.tested.v1"
"""No type of the topic: a receiver that acts upon handoffs passes it over."""
_HOUR_MS = 3_600_000


def trial(now: int) -> Alert:
    """`now` in milliseconds since 1970."""
    handoff, account = "example.com/acquisition/1", "example.com"
    told = {
        **{"test": True, "handoff": handoff, "account": account, "name": "Example", "track": "acquisition"},
        **{"crossing": 1, "crossed_at": format_time(now), "score": 100.0, "model": "test-1-000000000000"},
        **{"route": None, "act_now": False, "due_at": format_time(now + 4 * _HOUR_MS), "people": ["c_example"]},
        "reasons": [{"rule": "meeting_held", "contact": "c_example", "points": 60.0}],
    }
    id = f"alert_test_{now}"
    return Alert(id, "test", encode(event(SOURCE, id, TYPE, account, now, told)))
