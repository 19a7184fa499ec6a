"""What is news, and what is history of which nobody is told."""

from typing import Any

import pytest

from schemas.times import format_time
from tests.alerts.builders import DAY, FRESHNESS, HOUR, MINUTE, NOON, expired_event, proposed_event


def crossing(cause: str = "web.form_submitted", *, happened: int, recorded: int = NOON, **more: Any) -> dict[str, Any]:
    """What a proposal says of its cause."""
    return {
        **{"cause_type": cause, "cause_time": format_time(happened), "recorded_at": format_time(recorded)},
        **more,
    }


def why(event_at: int = NOON, now: int = NOON, **cause: Any) -> str | None:
    event = proposed_event(at=event_at, **cause)
    return FRESHNESS.why_history(event, event.data, now)


def test_what_happened_a_moment_ago_is_news() -> None:
    assert why(**crossing(happened=NOON)) is None


def test_an_old_act_that_was_recorded_today_is_history() -> None:
    assert why(**crossing(happened=NOON - 10 * DAY)) == (
        "its cause happened 2025-12-26T12:00:00.000Z, recorded 2026-01-05T12:00:00.000Z: history"
    )


@pytest.mark.parametrize(("age", "is_news"), [(4 * DAY, True), (4 * DAY + 1, False)])
def test_the_mail_of_friday_that_is_imported_on_monday_is_news(age: int, is_news: bool) -> None:
    assert (why(**crossing("email.replied", happened=NOON - age)) is None) is is_news
    assert (why(event_at=NOON - age, **crossing("email.replied", happened=NOON - age)) is None) is is_news


@pytest.mark.parametrize(("age", "is_news"), [(DAY, True), (DAY + 1, False)])
def test_what_was_recorded_long_ago_is_history(age: int, is_news: bool) -> None:
    recorded = crossing(happened=NOON - age, recorded=NOON - age)

    assert (why(event_at=NOON - age, **recorded) is None) is is_news
    assert (why(event_at=NOON - age) is None) is is_news


@pytest.mark.parametrize("cause", ["account.updated", "score.adjusted", "email.bounced", "email.delivered"])
def test_where_nobody_acted_the_newest_contribution_decides(cause: str) -> None:
    news = crossing(cause, happened=NOON, evidence_until=format_time(NOON - 4 * DAY))
    history = crossing(cause, happened=NOON, evidence_until=format_time(NOON - 4 * DAY - 1))

    assert why(**news) is None
    assert why(**history) == "its cause happened 2026-01-01T11:59:59.999Z, recorded 2026-01-05T12:00:00.000Z: history"


def test_an_overdue_handoff_is_judged_by_the_cause_of_its_crossing() -> None:
    opened = NOON - 6 * DAY
    fresh = crossing(happened=opened - HOUR, recorded=opened)
    old = crossing(happened=opened - 5 * DAY, recorded=opened)

    assert FRESHNESS.why_history(expired_event(), fresh, NOON + MINUTE) is None
    assert FRESHNESS.why_history(expired_event(), old, NOON + MINUTE) is not None


def test_an_overdue_handoff_that_was_found_after_a_weekend_is_news() -> None:
    expired = expired_event(at=NOON - 3 * DAY)
    expired.data["recorded_at"] = format_time(NOON)

    assert FRESHNESS.why_history(expired, {}, NOON) is None
    assert FRESHNESS.why_history(expired, {}, NOON + 2 * DAY) is not None
