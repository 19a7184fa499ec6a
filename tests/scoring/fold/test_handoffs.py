"""What the fold says of handoffs beyond the vectors: assignments, withdrawals, and what steps carry."""

from typing import Any

import msgspec
import pytest

from schemas.times import parse_time
from scoring.fold.codec import decode_account, encode_account
from scoring.fold.state import Account, PendingChanges
from scoring.plan.plan import Plan
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, Json, fact, fold_facts, fold_report, plan_of

FIRST = f"{ACME}/acquisition/1"
STAGES = (models.stage("engaged", 10, 5), models.stage("sqa", 20, 15, handoff=True))
CLICK = models.rule("click", on="email.clicked", points=20)
CLICKED = fact("f1", "2026-01-05T10:00:00Z")
"""Crosses."""


def plan(*rules: Json, **handoff: Any) -> Plan:
    when = {"customer": {"not": {"equals": True}}}
    return plan_of(models.content(CLICK, *rules, stages=STAGES, when=when, model={"handoff": handoff}))


def decision(id: str, time: str, step: str, **data: Any) -> Json:
    return fact(id, time, f"handoff.{step}", None, data={"handoff": FIRST, **data})


def told(id: str, time: str, type: str, **data: Any) -> Json:
    return fact(id, time, type, None, data=data)


def account_after(*facts: Json, under: Plan | None = None) -> Account:
    return fold_facts(under or plan(), facts).accounts[ACME]


def changes_after(*facts: Json, under: Plan | None = None) -> PendingChanges:
    pending = account_after(*facts, under=under).pending_changes
    assert pending is not None
    return pending


def assigned_to(*facts: Json) -> list[str]:
    return [each.to for each in changes_after(CLICKED, *facts).assignments]


def test_an_assignment_says_who_is_to_answer_and_who_said_so() -> None:
    recorded = {"recordedtime": "2026-01-05T12:00:00.000Z"}
    given = {**decision("f2", "2026-01-05T11:00:00Z", "assigned", to="anna", by="kim"), **recorded}
    [assignment] = changes_after(CLICKED, given).assignments
    assert msgspec.to_builtins(assignment) == {
        "handoff": FIRST,
        "track": "acquisition",
        "crossing": 1,
        "seq": 2,
        "at": "2026-01-05T11:00:00Z",
        "recorded_at": "2026-01-05T12:00:00.000Z",
        "fact": "f2",
        "by": "kim",
        "to": "anna",
    }


def test_of_several_assignments_the_newest_by_time_and_id_holds() -> None:
    newer = decision("f3", "2026-01-05T12:00:00Z", "assigned", to="ben")
    older = decision("f2", "2026-01-05T11:00:00Z", "assigned", to="anna")
    same_time = decision("f4", "2026-01-05T12:00:00Z", "assigned", to="cem")
    assert assigned_to(newer, older, same_time) == ["ben", "cem"]


@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        ((), 1),
        (("expired",), 1),
        (("accepted",), 1),
        (("rejected",), 0),
        (("accepted", "converted"), 0),
        (("accepted", "recycled"), 0),
    ],
)
def test_only_what_waits_for_sales_or_is_accepted_is_assigned(steps: tuple[str, ...], taken: int) -> None:
    facts = [decision(f"d{n}", "2026-01-05T11:00:00Z", step) for n, step in enumerate(steps)]
    assert len(assigned_to(*facts, decision("f9", "2026-01-05T12:00:00Z", "assigned", to="anna"))) == taken


def test_an_assignment_to_nobody_says_nothing() -> None:
    assert assigned_to(decision("f2", "2026-01-05T11:00:00Z", "assigned")) == []


def test_a_step_carries_when_it_was_recorded_and_what_was_noted() -> None:
    answer = decision("f2", "2026-01-05T11:00:00Z", "rejected", by="kim", reason="timing", note="in spring")
    [step] = changes_after(CLICKED, {**answer, "recordedtime": "2026-01-06T09:00:00.000Z"}).steps
    said = (step.status, step.at, step.recorded_at, step.by, step.reason, step.note, step.late)
    assert said == (
        "rejected", "2026-01-05T11:00:00Z", "2026-01-06T09:00:00.000Z", "kim", "timing", "in spring", False
    )  # fmt: skip


def test_a_withdrawal_is_dated_with_the_clock_and_names_its_cause() -> None:
    later = fact("f2", "2026-01-07T10:00:00Z", "web.searched", None)
    won = told("f3", "2026-01-06T10:00:00Z", "opportunity.won", opportunity="o1")
    [step] = changes_after(CLICKED, later, won).steps
    assert (step.handoff, step.status, step.at, step.fact) == (FIRST, "withdrawn", "2026-01-07T10:00:00.000Z", "f3")


def test_an_accepted_handoff_stands_where_the_track_is_left() -> None:
    accepted = decision("f2", "2026-01-05T11:00:00Z", "accepted")
    customer = told("f3", "2026-01-06T10:00:00Z", "account.updated", customer=True)
    account = account_after(CLICKED, accepted, customer)
    state = account.tracks[0]
    assert (state.stage, [handoff.status for handoff in state.open_handoffs.values()]) == (-1, ["accepted"])


def test_a_cool_down_counts_from_the_time_of_the_decision_not_from_the_clock() -> None:
    later = fact("f2", "2026-01-07T10:00:00Z", "web.searched", None)
    rejected = decision("f3", "2026-01-06T10:00:00Z", "rejected")
    state = account_after(CLICKED, later, rejected, under=plan(recycle_cooldown="10d")).tracks[0]
    assert state.cooling_until == parse_time("2026-01-16T10:00:00Z")


def test_an_opening_tells_its_cause_and_when_that_was_recorded() -> None:
    [opened] = changes_after({**CLICKED, "recordedtime": "2026-01-05T10:30:00.000Z"}).handoffs
    cause = (opened.fact, opened.cause_type, opened.cause_time, opened.recorded_at)
    assert cause == ("f1", "email.clicked", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00.000Z")


def test_a_recording_time_that_nobody_can_read_counts_as_the_time_of_the_fact() -> None:
    level = {"service_level": {"accept_within": "4 hours"}}
    [opened] = changes_after({**CLICKED, "recordedtime": "soon"}, under=plan(**level)).handoffs
    assert opened.due_at == "2026-01-05T14:00:00.000Z"


def test_a_fact_changes_a_stage_once_though_it_sends_back_and_takes_points() -> None:
    lost_points = models.rule("lost", on="opportunity.lost", points=-18)
    accepted = decision("f2", "2026-01-05T11:00:00Z", "accepted")
    opened = told("f3", "2026-01-05T12:00:00Z", "opportunity.opened", opportunity="o1")
    lost = told("f4", "2026-01-06T10:00:00Z", "opportunity.lost", opportunity="o1")
    track = fold_report(plan(lost_points), [CLICKED, accepted, opened, lost], "2026-01-06T10:00:00Z")["tracks"]
    changes = [(each["from"], each["to"], each["cause"]) for each in track["acquisition"]["stages"]]
    assert changes == [(None, "sqa", "f1"), ("sqa", None, "f4")]


def test_an_opportunity_that_names_another_handoff_converts_none() -> None:
    accepted = decision("f2", "2026-01-05T11:00:00Z", "accepted")
    other = told("f3", "2026-01-05T12:00:00Z", "opportunity.opened", opportunity="o1", handoff=f"{ACME}/acquisition/7")
    assert [step.status for step in changes_after(CLICKED, accepted, other).steps] == ["accepted"]


def test_what_is_converted_to_an_opportunity_that_ended_before_is_not_with_sales() -> None:
    won = told("f2", "2026-01-04T10:00:00Z", "opportunity.lost", opportunity="o1")
    accepted = decision("f3", "2026-01-05T11:00:00Z", "accepted")
    converted = decision("f4", "2026-01-05T12:00:00Z", "converted", opportunity="o1")
    [handoff] = account_after(CLICKED, won, accepted, converted).tracks[0].open_handoffs.values()
    assert (handoff.status, handoff.deal_closed) == ("converted", True)


def test_handoffs_and_opportunities_survive_encoding() -> None:
    accepted = decision("f2", "2026-01-05T11:00:00Z", "accepted")
    assigned = decision("f3", "2026-01-05T11:30:00Z", "assigned", to="anna")
    opened = told("f4", "2026-01-05T12:00:00Z", "opportunity.opened", opportunity="o1")
    rules = plan(service_level={"accept_within": "4 hours"})
    account = account_after(CLICKED, accepted, assigned, opened, under=rules)
    decoded = decode_account(encode_account(account), rules)
    assert decoded is not None
    assert encode_account(decoded) == encode_account(account)
    [handoff] = decoded.tracks[0].open_handoffs.values()
    assert (handoff.status, handoff.opportunity, decoded.opportunities) == ("converted", "o1", {"o1": 1})
