"""A handoff as programs get it. Never judges one."""

from typing import Any

from schemas.times import format_time

Json = dict[str, Any]


def handoff_json(row: Any) -> Json:
    """The stored row as JSON; what was frozen at the crossing stays as it was then."""
    return {
        "handoff": row.handoff,
        "account": row.account,
        "track": row.track,
        "crossing": row.crossing,
        "status": row.status,
        "crossed_at": format_time(row.crossed_at),
        "score": row.score,
        "model": row.model,
        "route": row.route,
        "act_now": row.act_now,
        "due_at": instant(row.due_at),
        "reasons": row.reasons,
        "people": row.people,
        "fact": row.fact,
        "facts": row.facts,
        "decided_at": instant(row.decided_at),
        "by": row.by,
        "reason": row.reason,
        "opportunity": row.opportunity,
        "late": row.late,
    }


def step_json(row: Any) -> Json:
    """A decision as it was recorded."""
    return {"status": row.status, "at": format_time(row.at), "by": row.by, "reason": row.reason, "fact": row.fact}


def instant(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_time(milliseconds)
