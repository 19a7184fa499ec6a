"""Answers of sales: each is recorded once, late by its own time, and whoever comes second learns who was first."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from projections import DECISIONS_SOURCE
from staffel.cli.answers import notices_about, record_assignment, record_decision
from staffel.errors import ProblemFound
from staffel.record_fact import record_fact
from tests.staffel.cli.cli_runner import Json, begin_again, cloud_event, run_cli, run_json, run_ok, write_lines
from tests.staffel.cli.sales_home import ACQUISITION, EXPANSION, Clock, SalesHome, sales_home
from tests.staffel.conftest import STAFFEL

HANDOFF = "acme.com/sales/1"
MODEL = """\
model: tiny
tracks:
  sales:
    rules:
      - {id: demo, on: web.form_submitted, points: 10, half_life: 30d}
    stages:
      - {name: ready, enter: 8, leave: 5, handoff: true}
handoff:
  recycle_cooldown: 30d
"""
MONDAY, DUE = "2026-01-05T09:00:00Z", "2026-01-05T13:00:00Z"


@pytest.fixture
def handoff() -> Json:
    """A proposed handoff of acme.com."""
    begin_again(write_lines(Path("model.yaml"), MODEL))
    run_json(
        "ingest",
        "cloudevents",
        write_lines(Path("facts.jsonl"), cloud_event("f", "web.form_submitted", data={"form": "demo"})),
    )
    [opened] = run_json("handoffs")
    assert (opened["handoff"], opened["status"]) == (HANDOFF, "proposed")
    return opened


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY)


@pytest.fixture
def sales(clock: Clock, tmp_path: Path) -> Iterator[SalesHome]:
    """A home where acme.com was handed over on Monday at nine, with four hours to answer."""
    with sales_home(tmp_path, clock) as home:
        home.record("web.form_submitted", form="demo")
        yield home


def answer(home: SalesHome, status: str, handoff: str = ACQUISITION, by: str = "anna", **told: str) -> Json:
    return record_decision(home.application, handoff, status, {"handoff": handoff, "by": by, **told})


def test_a_decision_is_recorded_as_a_fact_and_seen_at_once(handoff: Json) -> None:
    result = run_json("handoff", "accept", HANDOFF, "--by", "anna", "--note", "called them")
    assert (result["account"], result["fact"], result["type"]) == (
        "acme.com",
        f"handoff:{HANDOFF}:1",
        "handoff.accepted.v1",
    )
    now = run_json("handoff", HANDOFF)
    assert {name: now[name] for name in ("status", "by", "reason", "note")} == {
        "status": "accepted", "by": "anna", "reason": None, "note": "called them",
    }  # fmt: skip
    assert [(step["status"], step["by"]) for step in now["steps"]] == [("accepted", "anna")]


def test_a_step_says_when_it_was_recorded_beside_its_own_time(handoff: Json) -> None:
    dated_back = cloud_event(
        "early", "handoff.accepted", "2026-01-05T10:00:00Z", data={"handoff": HANDOFF, "by": "eve"}
    )
    run_json("ingest", "cloudevents", write_lines(Path("early.jsonl"), dated_back))

    [step] = run_json("handoff", HANDOFF)["steps"]

    assert (step["at"], step["by"]) == ("2026-01-05T10:00:00.000Z", "eve")
    assert step["recorded_at"] > "2026-02"


def test_a_handoff_that_was_decided_is_not_decided_again(handoff: Json) -> None:
    run_ok("handoff", "accept", HANDOFF, "--by", "anna")
    result = f"{HANDOFF} is accepted by anna; only what is proposed or expired can be accepted"
    assert run_cli("handoff", "accept", HANDOFF, "--by", "berta").failure == (1, result)
    result = f"{HANDOFF} is accepted by anna; only what is proposed or expired can be rejected"
    assert run_cli("handoff", "reject", HANDOFF, "--by", "berta", "--reason", "budget").failure == (1, result)
    assert [step["by"] for step in run_json("handoff", HANDOFF)["steps"]] == ["anna"]


def test_what_was_accepted_can_be_converted_and_sent_back(handoff: Json) -> None:
    result = f"{HANDOFF} is proposed; only what is accepted or converted can be recycled"
    assert run_cli("handoff", "recycle", HANDOFF, "--by", "anna", "--reason", "timing").failure == (1, result)
    run_ok("handoff", "accept", HANDOFF, "--by", "anna")
    run_ok("handoff", "convert", HANDOFF, "--by", "anna", "--opportunity", "006A1")
    assert run_json("handoff", HANDOFF)["opportunity"] == "006A1"
    assert run_json("handoff", "recycle", HANDOFF, "--by", "anna", "--reason", "timing")["fact"].endswith("/1:3")
    assert run_json("account", "acme.com")["stage"] is None


@pytest.mark.parametrize("verb", ["accept", "convert"])
def test_a_decision_needs_a_name(handoff: Json, verb: str) -> None:
    failure = (2, "--by: name who decided by a short name, or set STAFFEL_USER")
    assert run_cli("handoff", verb, HANDOFF).failure == failure


def test_the_user_of_the_settings_decides_unless_another_is_named(
    handoff: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_USER", "anna")
    run_ok("handoff", "assign", HANDOFF, "--to", "berta")
    run_ok("handoff", "accept", HANDOFF, "--by", "carla")
    now = run_json("handoff", HANDOFF)
    assert ([each["by"] for each in now["assignments"]], now["by"]) == (["anna"], "carla")


@pytest.mark.parametrize(
    "arguments", [("accept", HANDOFF, "--by", "anna@x.com"), ("assign", HANDOFF, "--to", "anna@x.com", "--by", "ben")]
)
def test_an_address_is_no_name(handoff: Json, arguments: tuple[str, ...]) -> None:
    code, message = run_cli("handoff", *arguments).failure
    assert (code, message.partition(": ")[2]) == (2, "an address; write a short name like anna or ben.ostertag")
    assert run_json("handoff", HANDOFF)["steps"] == []


def test_an_address_as_the_user_of_the_settings_is_refused(handoff: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_USER", "anna@x.com")
    code, message = run_cli("handoffs", "--mine").failure
    assert (code, message.startswith("STAFFEL_USER: an address;")) == (2, True)


@pytest.mark.parametrize("verb", ["reject", "recycle"])
def test_sending_back_needs_a_reason_of_the_model(handoff: Json, verb: str) -> None:
    known = "write one of timing, budget, no_fit, no_answer, competitor, other, and more in your own words with --note"
    assert run_cli("handoff", verb, HANDOFF, "--by", "anna").failure == (2, f"--reason: {known}")
    assert run_cli("handoff", verb, HANDOFF, "--by", "anna", "--reason", "bugdet").failure == (
        2,
        f"--reason bugdet: unknown reason (did you mean 'budget'?); {known}",
    )


def test_each_verb_has_its_own_reasons_and_takes_them_in_any_case(handoff: Json) -> None:
    own = MODEL + "  reasons: {reject: [Spam, wrong_size], recycle: [later]}\n"
    begin_again(write_lines(Path("own.yaml"), own))
    run_json("ingest", "cloudevents", Path("facts.jsonl"))
    assert run_cli("handoff", "reject", HANDOFF, "--by", "anna", "--reason", "later").code == 2
    run_ok("handoff", "reject", HANDOFF, "--by", "anna", "--reason", "spam", "--note", "a student")
    now = run_json("handoff", HANDOFF)
    assert (now["reason"], now["note"]) == ("Spam", "a student")


def test_of_two_processes_that_decide_at_once_one_wins_and_the_other_learns_who(handoff: Json) -> None:
    people = {"anna": ["accept"], "berta": ["accept"], "carla": ["reject", "--reason", "budget"]}
    racing = {
        who: subprocess.Popen(
            [STAFFEL, "handoff", verb[0], HANDOFF, *verb[1:], "--by", who],
            env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for who, verb in people.items()
    }  # fmt: skip
    answers = {who: (*process.communicate(timeout=60), process.returncode) for who, process in racing.items()}
    now = run_json("handoff", HANDOFF)
    [winner] = [who for who, (_, _, code) in answers.items() if code == 0]
    assert (now["by"], [step["by"] for step in now["steps"]]) == (winner, [winner])
    for who, (out, err, code) in answers.items():
        if who != winner:
            assert (code, out) == (1, "")
            assert err.startswith(f"{HANDOFF} is {now['status']} by {winner}; ")
    assert run_json("audit", "verify")["mismatches"] == []


def test_a_decision_from_a_file_is_recorded_and_judged_by_the_fold_alone(handoff: Json) -> None:
    late = cloud_event("late", "handoff.recycled", "2026-01-06T09:00:00Z", data={"handoff": HANDOFF, "by": "anna"})
    assert run_json("ingest", "cloudevents", write_lines(Path("late.jsonl"), late))["recorded"] == 1
    assert run_json("handoff", HANDOFF)["status"] == "proposed"


@pytest.mark.parametrize("with_timers", [True, False], ids=["a host ran", "single commands"])
@pytest.mark.parametrize(("at", "late"), [(DUE, False), ("2026-01-05T13:00:00.001Z", True)])
@pytest.mark.parametrize("status", ["accepted", "rejected"])
def test_an_answer_is_late_by_its_time_whether_a_timer_ran_or_not(
    sales: SalesHome, clock: Clock, status: str, at: str, late: bool, with_timers: bool
) -> None:
    clock.set(at)
    if with_timers:
        sales.run_timers()
    assert sales.view(ACQUISITION).status == ("expired" if with_timers else "proposed")

    answer(sales, status)

    assert (sales.view(ACQUISITION).status, sales.view(ACQUISITION).late) == (status, late)
    told = ["Late: an answer was due Mon 5 Jan 14:00."] if late else []
    assert notices_about(sales.application, ACQUISITION, status) == told


def test_an_expiry_and_an_answer_at_once_leave_the_answer(sales: SalesHome, clock: Clock) -> None:
    clock.set(DUE)
    together = Barrier(2)

    def expire() -> None:
        together.wait()
        sales.timers.advance()

    other = Thread(target=expire)
    other.start()
    together.wait()
    recorded = answer(sales, "accepted")
    other.join()
    sales.application.drain()

    assert recorded["fact"] == f"handoff:{ACQUISITION}:1"
    assert (sales.view(ACQUISITION).status, sales.view(ACQUISITION).late) == ("accepted", False)


def expire_and_qualify_again(sales: SalesHome, clock: Clock) -> str:
    """The first handoff expires, and a second one of the track opens; its id."""
    clock.set("2026-01-06T09:00:00Z")
    sales.run_timers()
    sales.record("email.bounced")
    sales.record("web.form_submitted", id="again", form="demo")
    return "acme.com/acquisition/2"


def test_an_expired_handoff_names_the_later_one_that_is_to_be_answered(sales: SalesHome, clock: Clock) -> None:
    second = expire_and_qualify_again(sales, clock)

    with pytest.raises(ProblemFound) as refused:
        answer(sales, "accepted")

    assert str(refused.value) == f"{ACQUISITION} is expired; answer the later one of its track: {second}, proposed"
    assert sales.view(ACQUISITION).answer_instead == second


def test_whoever_accepts_an_expired_one_beside_an_accepted_one_is_told(sales: SalesHome, clock: Clock) -> None:
    second = expire_and_qualify_again(sales, clock)
    clock.set("2026-01-07T09:00:00Z")
    sales.run_timers()
    answer(sales, "accepted")

    answer(sales, "accepted", second, by="ben")

    told = notices_about(sales.application, second, "accepted")
    assert told[-1:] == [f"{ACQUISITION} of the same track is accepted by anna."]


def test_an_answer_that_came_too_late_to_count_does_not_block_a_later_one(sales: SalesHome, clock: Clock) -> None:
    second = expire_and_qualify_again(sales, clock)
    content = {"handoff": ACQUISITION, "by": "eve"}
    ignored = {"id": f"handoff:{ACQUISITION}:1", "source": DECISIONS_SOURCE}
    record_fact(sales.application, "handoff.accepted.v1", account="acme.com", data=content, **ignored)
    answer(sales, "rejected", second, reason="timing")

    assert answer(sales, "rejected", reason="timing")["fact"] == f"handoff:{ACQUISITION}:2"
    assert (sales.view(ACQUISITION).status, sales.view(ACQUISITION).late) == ("rejected", True)


def test_whoever_answers_what_was_withdrawn_meanwhile_is_told(sales: SalesHome, clock: Clock) -> None:
    clock.before_next_reading = lambda: sales.record("opportunity.won", opportunity="o1")

    with pytest.raises(ProblemFound) as told:
        answer(sales, "accepted")

    assert str(told.value) == f"{ACQUISITION} is withdrawn; only what is proposed or expired can be accepted"
    assert sales.listed() == [(EXPANSION, "proposed")]


def test_the_newest_assignment_holds_even_if_the_clock_went_back(sales: SalesHome, clock: Clock) -> None:
    record_assignment(sales.application, ACQUISITION, "anna", "carla")
    clock.set("2026-01-05T08:57:00Z")

    record_assignment(sales.application, ACQUISITION, "ben", "carla")
    record_assignment(sales.application, ACQUISITION, "anna", "carla")

    assert sales.view(ACQUISITION).assigned_to == "anna"


def test_an_assignment_changes_nothing_but_who_is_in_charge(handoff: Json) -> None:
    result = run_json("handoff", "assign", HANDOFF, "--to", "anna", "--by", "berta")
    assert (result["type"], result["fact"]) == ("handoff.assigned.v1", f"handoff:{HANDOFF}:assigned:1:anna")
    again = f"{HANDOFF} is assigned to anna already, by berta"
    assert run_cli("handoff", "assign", HANDOFF, "--to", "Anna", "--by", "carla").failure == (1, again)
    now = run_json("handoff", HANDOFF)
    assert (now["status"], now["assigned_to"], now["steps"]) == ("proposed", "anna", [])
    assert [(each["to"], each["by"]) for each in now["assignments"]] == [("anna", "berta")]
    assert run_json("audit", "verify")["mismatches"] == []


def test_a_won_deal_with_open_handoffs_in_two_tracks(sales: SalesHome, clock: Clock) -> None:
    sales.record("account.updated", id="customer", customer=True)
    clock.set("2026-01-05T10:00:00Z")
    sales.record("account.updated", id="no customer any more", customer=False)
    assert sales.listed() == [("acme.com/acquisition/2", "proposed")]
    answer(sales, "accepted", "acme.com/acquisition/2")
    clock.set("2026-01-05T11:00:00Z")

    sales.record("opportunity.won", opportunity="o1")

    assert sales.listed() == [("acme.com/expansion/2", "proposed")]
    assert sales.view("acme.com/acquisition/2").status == "converted"
    assert (sales.view(ACQUISITION).status, sales.view(EXPANSION).status) == ("withdrawn", "withdrawn")
