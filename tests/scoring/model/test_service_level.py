"""Service levels as they are written: times to answer, opening hours and closed days, steps, reasons; and slips."""

from typing import Any

import pytest

from scoring.model.loading import Allowance, DocumentError, canonical, model_from_dict
from scoring.model.service_level import parse_opening_hours
from tests.scoring.model_builders import content


def problems_of_handoff(**handoff: Any) -> list[str]:
    try:
        model_from_dict(content(model={"handoff": handoff}))
    except DocumentError as error:
        return [f"{problem.key}: {problem.message}" for problem in error.problems]
    return []


def test_a_handoff_is_written_as_it_was_read() -> None:
    handoff = {
        "service_level": {
            "accept_within": "15 business minutes",
            "hours": "Mon-Fri 09:00-18:00",
            "closed": ["2026-04-03", "2026-04-06"],
            "history": "3d",
            "steps": [{"at": "80 %", "alert": "reminder"}, {"at": "100 %", "to": "head of sales"}],
        },
        "routes": [
            {"when": {"segment": {"equals": "apac"}}, "to": "apac", "hours": "Sat 09:00-12:00", "zone": "Asia/Kolkata"},
            {"to": "sdr", "closed": []},
        ],
        "reasons": {"reject": ["später", "no_fit"]},
        "suppress": "account",
    }
    assert canonical(model_from_dict(content(model={"handoff": handoff})))["handoff"] == handoff


def test_closed_days_are_a_set_and_a_percent_sign_may_follow_at_once() -> None:
    level = {"accept_within": "4h", "closed": ["2026-04-06", "2026-04-03", "2026-04-06"],
             "steps": [{"at": "80%", "to": "sdr"}]}  # fmt: skip
    assert canonical(model_from_dict(content(model={"handoff": {"service_level": level}})))["handoff"] == {
        "service_level": {
            "accept_within": "4 hours",
            "closed": ["2026-04-03", "2026-04-06"],
            "steps": [{"at": "80 %", "to": "sdr"}],
        }
    }


def test_what_a_handoff_does_not_say() -> None:
    handoff = model_from_dict(content()).handoff
    words = ("timing", "budget", "no_fit", "no_answer", "competitor", "other")
    assert (handoff.reasons.reject, handoff.reasons.recycle, handoff.suppress) == (words, words, "contacts")


@pytest.mark.parametrize(
    "text",
    ["4 business hours", "15 business minutes", "15 minutes", "36 hours", "2 business days 4 business hours"],
)
def test_an_allowance_is_written_as_it_was_read(text: str) -> None:
    assert Allowance.model_validate(text).text == text


@pytest.mark.parametrize("text", ["24h", "24 hours", "1 day", "1d", "1440 minutes"])
def test_one_day_is_twenty_four_hours_however_it_is_written(text: str) -> None:
    assert Allowance.model_validate(text) == Allowance(minutes=1440)


@pytest.mark.parametrize("text", ["soon", "0 minutes", "4", "4 business", "1 hour 2 business hours", "4 weeks", ""])
def test_what_is_no_allowance_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time to answer"):
        Allowance.model_validate(text)


@pytest.mark.parametrize("text", ["", "Mo-Fr 09:00-18:00", "Mon-Fri 9-18", "Mon 09:00-12:00, Mon 11:00-15:00"])
def test_what_are_no_opening_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_opening_hours(text)


def test_opening_hours_may_run_over_the_end_of_the_week() -> None:
    assert parse_opening_hours("Sat-Mon 09:00-18:00")[0].days == (5, 6, 0)


def test_business_hours_need_opening_hours() -> None:
    assert problems_of_handoff(service_level={"accept_within": "4 business hours"}) == [
        "handoff.service_level: business time needs `hours`, for instance `Mon-Fri 09:00-18:00`"
    ]


def test_business_hours_may_all_be_those_of_routes() -> None:
    level = {"accept_within": "4 business hours"}
    own, for_customers = {"to": "sdr", "hours": "Mon-Fri 09:00-18:00"}, {"when": {"customer": True}, "to": "am"}
    assert problems_of_handoff(service_level=level, routes=[own]) == []
    some_without = ([for_customers, own], [{**for_customers, "hours": "Sat 09:00-10:00"}])
    assert [len(problems_of_handoff(service_level=level, routes=routes)) for routes in some_without] == [1, 1]


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ("Mon-Fri 22:00-06:00", "runs across midnight; write `Mon-Fri 22:00-24:00, Tue-Sat 00:00-06:00`"),
        ("Sun 18:00-00:30", "runs across midnight; write `Sun 18:00-24:00, Mon 00:00-00:30`"),
        ("Mon-Sat 18:00-00:00", "runs across midnight; write `Mon-Sat 18:00-24:00`"),
        ("Mon 09:00-09:00", "must open before it closes, between 00:00 and 24:00"),
        ("Mon 24:00-25:00", "must open before it closes, between 00:00 and 24:00"),
    ],
)
def test_opening_hours_lie_within_one_local_day(hours: str, message: str) -> None:
    route = {"to": "sdr", "hours": hours}
    assert problems_of_handoff(service_level={"hours": hours}, routes=[route]) == [
        f"handoff.service_level.hours: {hours!r} {message}",
        f"handoff.routes[0].hours: {hours!r} {message}",
    ]


def test_opening_hours_are_one_text() -> None:
    assert problems_of_handoff(service_level={"hours": ["Mon-Fri 09:00-18:00"]}) == [
        "handoff.service_level.hours: must be one text, for instance `Mon-Thu 09:00-18:00, Fri 09:00-15:00`"
    ]


@pytest.mark.parametrize("day", ["2026-02-30", "20260403", "2026-W14-5", "3.4.2026", ""])
def test_a_closed_day_is_a_date(day: str) -> None:
    route = {"to": "sdr", "closed": ["2026-12-25", day]}
    message = f"{day!r} is not a date; write for instance `2026-12-25`"
    assert problems_of_handoff(service_level={"closed": [day]}, routes=[route]) == [
        f"handoff.service_level.closed[0]: {message}",
        f"handoff.routes[0].closed[1]: {message}",
    ]


def test_the_zone_of_a_route_exists() -> None:
    assert problems_of_handoff(routes=[{"to": "sdr"}, {"to": "apac", "zone": "Asia/Kolkatta"}]) == [
        "handoff.routes[1].zone: unknown time zone 'Asia/Kolkatta' (did you mean 'Asia/Kolkata'?); "
        "write an IANA name, for instance Europe/Berlin"
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"at": 80, "alert": "reminder"}, ".at: 80 has no unit; write `80 %`"),
        ({"at": "soon", "to": "sdr"}, ".at: 'soon' is not a share of the time to answer; write for instance `80 %`"),
        ({"at": "0 %", "to": "sdr"}, ".at: must be greater than or equal to 1, not '0 %'"),
        ({"at": "80 %"}, ": tells nobody; write `alert: reminder` or `to: ROUTE`"),
        ({"at": "80 %", "alert": "remind"}, ".alert: must be 'reminder', not 'remind'"),
        ({"at": "80 %", "to": "sdrr"}, ".to: unknown route 'sdrr' (did you mean 'sdr'?)"),
        ({"att": "80 %", "to": "sdr"}, ".at: is missing"),
    ],
)
def test_a_step_has_a_share_of_the_time_and_a_receiver(step: Any, message: str) -> None:
    level = {"accept_within": "4h", "steps": [{"at": "50 %", "to": "head of sales"}, step]}
    problems = problems_of_handoff(service_level=level, routes=[{"to": "sdr"}])
    assert problems[0] == f"handoff.service_level.steps[1]{message}"


def test_steps_need_a_time_to_answer() -> None:
    assert problems_of_handoff(service_level={"steps": [{"at": "80 %", "alert": "reminder"}]}) == [
        "handoff.service_level.steps: need a time to answer; write `accept_within`"
    ]


def test_reasons_are_words_each_once() -> None:
    assert problems_of_handoff(reasons={"reject": ["no budget"], "recycle": []}) == [
        "handoff.reasons.reject[0]: 'no budget' is not a valid name; use up to 64 letters, digits, `_`, `-` and `.`, "
        "a letter or digit first",
        "handoff.reasons.recycle: must not be empty",
    ]
    assert problems_of_handoff(reasons={"reject": ["später", "no_fit", "später"]}) == [
        "handoff.reasons.reject[2]: reason 'später' is listed twice"
    ]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ("0h", "'0h' is too short; write at least 1h"),
        ("999999d", "'999999d' is more than a hundred years; write 36600d"),
        ("none", "'none' is not a valid duration; write hours or days, for instance 36h or 30d"),
        (7, "7 has no unit; write 7h or 7d"),
    ],
)
def test_history_is_a_duration_with_an_end(history: Any, message: str) -> None:
    assert problems_of_handoff(service_level={"accept_within": "4h", "history": history}) == [
        f"handoff.service_level.history: {message}"
    ]


def test_marketing_leaves_alone_contacts_the_account_or_nobody() -> None:
    assert problems_of_handoff(suppress="company") == [
        "handoff.suppress: must be 'contacts', 'account' or 'none', not 'company'"
    ]
