"""The story of an account: what happened and what followed from it, in the order of time and in words."""

from audit.replay import accept_all, recorded_within
from audit.timeline import timeline
from schemas.times import parse_time
from tests.scoring.fold_runner import ACME, Json, fact, plan_of, records_of
from tests.scoring.model_builders import content, rule, stage

MODEL = content(
    rule("demo", on="web.form_submitted", points=10, half_life="1d"),
    stages=(stage("sqa", 8, 4, handoff=True),),
    model={"handoff": {"routes": [{"to": "sdr"}]}},
)
HANDOFF = "acme.com/acquisition/1"


def story(*facts: Json, at: str = "2026-01-05T12:00:00Z", until: str | None = None) -> list[tuple[str, str, str]]:
    accept = accept_all if until is None else recorded_within(until=parse_time(until))
    found = timeline(records_of(facts), ACME, plan_of(MODEL), accept, parse_time(at))
    return [(entry["time"][5:16], entry["kind"], entry["text"]) for entry in found]


def demo(id: str = "f1", time: str = "2026-01-05T09:00:00Z", **fields: str) -> Json:
    return fact(id, time, "web.form_submitted", data={"form": "demo"}, **fields)


def answer(step: str, time: str = "2026-01-05T10:00:00Z") -> Json:
    data = {"handoff": HANDOFF, "by": "anna", "reason": "budget"}
    return fact(f"{step} {time}", time, f"handoff.{step}", None, data=data)


def test_a_fact_is_followed_by_what_it_caused() -> None:
    assert story(demo()) == [
        ("01-05T09:00", "fact", "web form submitted: demo"),
        (
            "01-05T09:00",
            "stage",
            "acquisition: no stage → sqa with a score of 10.0, by web form submitted: demo",
        ),
        ("01-05T09:00", "handoff", f"handoff {HANDOFF} proposed to sdr"),
    ]


def test_answers_of_sales_are_steps_and_those_that_change_nothing_are_marked() -> None:
    later = story(demo(), answer("accepted"), answer("accepted", "2026-01-05T11:00:00Z"))[3:]
    assert later == [
        ("01-05T10:00", "handoff", f"handoff accepted: {HANDOFF}, by anna, budget"),
        ("01-05T11:00", "handoff", f"handoff accepted: {HANDOFF}, by anna, budget; changed nothing"),
    ]


def test_falls_stand_where_they_happened_recorded_or_not() -> None:
    told = story(demo(), at="2026-01-09T00:00:00Z")[-1]
    assert (told[1], told[2][:30], told[2][-14:]) == ("stage", "acquisition: sqa → no stage wi", "as time passed")
    after = story(demo(), fact("p", "2026-01-08T09:00:00Z", "email.opened"), at="2026-01-09T00:00:00Z")
    assert [entry[1] for entry in after] == ["fact", "stage", "handoff", "stage", "fact"]
    assert after[3] == told


def test_a_late_fact_stands_at_its_own_time() -> None:
    late = fact("p", "2026-01-02T09:00:00Z", "email.opened", recordedtime="2026-01-05T09:30:00Z")
    assert [entry[:2] for entry in story(demo(), late)] == [
        ("01-02T09:00", "fact"),
        ("01-05T09:00", "fact"),
        ("01-05T09:00", "stage"),
        ("01-05T09:00", "handoff"),
    ]


def test_of_the_past_only_what_was_recorded_by_then_is_told() -> None:
    late = fact("p", "2026-01-02T09:00:00Z", "email.opened", recordedtime="2026-01-05T09:30:00Z")
    assert story(demo(), late, until="2026-01-05T09:10:00Z") == story(demo())


def test_a_crossing_without_a_handoff_says_why() -> None:
    suppressed = fact("s", "2026-01-05T08:00:00Z", "account.suppressed", None, data={"reason": "in talks"})
    assert story(suppressed, demo())[-1] == (
        "01-05T09:00",
        "handoff",
        "acquisition: would be handed over, and is suppressed",
    )


def test_repeated_facts_and_reviews_are_not_told() -> None:
    assert story(demo(), demo(), fact("r", "2026-01-05T09:30:00Z", "review.due", None)) == story(demo())
