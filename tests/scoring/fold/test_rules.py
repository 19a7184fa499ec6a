"""Rules that no vector tells apart."""

import pytest

from tests.scoring import model_builders as models
from tests.scoring.fold_runner import fact, fold_report, plan_of

ENGAGING = (
    "web.searched email.opened meeting.booked event.registered call.connected chat.held ad.clicked product.used "
    "custom.tracked referral.made email.received"
)
OTHERS = (
    "nps.answered opportunity.opened account.updated contact.suppressed review.due score.adjusted email.delivered "
    "email.bounced email.unsubscribed email.complained meeting.canceled meeting.missed product.canceled"
)


def cooling_after(type: str, contact: str | None = "c_a", **content: object) -> str | None:
    """The end of a cool-down that still stands after such a fact at its end; rules are about other facts."""
    stages = (models.stage(enter=10, leave=5, handoff=True),)
    model = models.content(models.rule(), stages=stages, model={"handoff": {"recycle_cooldown": "1d"}})
    replied = fact("f1", "2026-01-05T09:00:00Z", "email.replied")
    rejected = fact("f2", "2026-01-05T10:00:00Z", "handoff.rejected", None, data={"handoff": "acme.com/acquisition/1"})
    last = fact("f3", "2026-01-06T10:00:00Z", type, contact, data=content)
    track = fold_report(plan_of(model), [replied, rejected, last], "2026-01-06T10:00:00Z")["tracks"]["acquisition"]
    until: str | None = track["cooling_until"]
    return until


@pytest.mark.parametrize("type", ENGAGING.split())
def test_what_people_outside_do_ends_a_cool_down(type: str) -> None:
    assert cooling_after(type) is None


@pytest.mark.parametrize("type", OTHERS.split())
def test_nothing_else_does(type: str) -> None:
    assert cooling_after(type) == "2026-01-06T10:00:00.000Z"


@pytest.mark.parametrize("who", ["bot", "machine"])
def test_nor_does_a_bot_or_a_machine(who: str) -> None:
    assert cooling_after("email.clicked", **{who: True}) == "2026-01-06T10:00:00.000Z"


@pytest.mark.parametrize(("day", "stage"), [("08", None), ("09", "sqa")])
def test_a_late_engagement_counts_for_breadth_where_it_still_lies_in_the_window(day: str, stage: str | None) -> None:
    stages = (models.stage("sqa", 10, 5, contacts="1 within 2d"),)
    plan = plan_of(models.content(models.rule(), stages=stages))
    searched = fact("f1", "2026-01-10T12:00:00Z", "web.searched", "c_b")
    late = fact("f2", f"2026-01-{day}T12:00:00Z", "email.replied")
    assert fold_report(plan, [searched, late], "2026-01-10T12:00:00Z")["tracks"]["acquisition"]["stage"] == stage


def test_a_role_given_after_a_join_weighs_what_the_visitor_did() -> None:
    plan = plan_of(models.content(models.rule(), model={"roles": {"boss": 3}}))
    facts = [
        fact("f1", "2026-01-05T09:00:00Z", "email.replied", "v_x"),
        fact("f2", "2026-01-05T10:00:00Z", "contact.identified", data={"visitor": "v_x"}),
        fact("f3", "2026-01-05T11:00:00Z", "contact.identified", data={"role": "boss"}),
    ]
    assert fold_report(plan, facts, "2026-01-05T11:00:00Z")["tracks"]["acquisition"]["score"] == 30


def test_a_stage_is_kept_between_its_thresholds_whatever_fact_comes() -> None:
    rules = models.rule(points=100), models.rule("less", on="email.bounced", points=-30)
    plan = plan_of(models.content(*rules, stages=(models.stage("sqa", 100, 50),)))
    facts = [fact("f1", "2026-01-05T09:00:00Z", "email.replied"), fact("f2", "2026-01-05T10:00:00Z", "email.bounced")]
    track = fold_report(plan, facts, "2026-01-05T10:00:00Z")["tracks"]["acquisition"]
    assert (track["score"], track["stage"], len(track["stages"])) == (70, "sqa", 1)


def test_what_a_visitor_used_of_a_cap_the_contact_has_used() -> None:
    plan = plan_of(models.content(models.rule(at_most="2 per contact per day")))
    facts = [
        fact("f1", "2026-01-05T09:00:00Z", "email.replied", "v_x"),
        fact("f2", "2026-01-05T09:00:00Z", "email.replied"),
        fact("f3", "2026-01-05T10:00:00Z", "contact.identified", data={"visitor": "v_x"}),
        fact("f4", "2026-01-05T11:00:00Z", "email.replied"),
    ]
    assert fold_report(plan, facts, "2026-01-05T11:00:00Z")["tracks"]["acquisition"]["score"] == 20
