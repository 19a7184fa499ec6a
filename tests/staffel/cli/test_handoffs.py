"""Decisions of sales: each is recorded once, and a later one is refused with the name of the first."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, begin_again, cloud_event, run_cli, run_json, run_ok, write_lines
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


@pytest.fixture
def handoff() -> Json:
    """A proposed handoff of acme.com."""
    begin_again(write_lines(Path("model.yaml"), MODEL))
    run_json(
        "ingest",
        "cloudevents",
        write_lines(Path("facts.jsonl"), cloud_event("f", "web.form_submitted", data={"form": "demo"})),
    )
    [opened] = run_json("handoffs", "--open")
    assert (opened["handoff"], opened["status"]) == (HANDOFF, "proposed")
    return opened


def test_a_decision_is_recorded_as_a_fact_and_seen_at_once(handoff: Json) -> None:
    result = run_json("handoff", "accept", HANDOFF, "--by", "anna", "--reason", "good fit")
    assert (result["account"], result["fact"], result["type"]) == (
        "acme.com",
        f"handoff:{HANDOFF}:1",
        "handoff.accepted.v1",
    )
    now = run_json("handoff", HANDOFF)
    assert {name: now[name] for name in ("status", "by", "reason")} == {
        "status": "accepted", "by": "anna", "reason": "good fit",
    }  # fmt: skip
    assert [(step["status"], step["by"]) for step in now["steps"]] == [("accepted", "anna")]
    assert run_json("handoffs", "--open") == [{name: now[name] for name in now if name != "steps"}]


def test_a_handoff_that_was_decided_is_not_decided_again(handoff: Json) -> None:
    run_ok("handoff", "accept", HANDOFF, "--by", "anna")
    result = f"{HANDOFF} is accepted by anna; only what is proposed or expired can be accepted"
    assert run_cli("handoff", "accept", HANDOFF, "--by", "berta").failure == (1, result)
    result = f"{HANDOFF} is accepted by anna; only what is proposed can be rejected"
    assert run_cli("handoff", "reject", HANDOFF, "--by", "berta").failure == (1, result)
    assert [step["by"] for step in run_json("handoff", HANDOFF)["steps"]] == ["anna"]


def test_only_what_was_accepted_can_be_recycled(handoff: Json) -> None:
    result = f"{HANDOFF} is proposed; only what is accepted can be recycled"
    assert run_cli("handoff", "recycle", HANDOFF, "--by", "anna").failure == (1, result)
    run_ok("handoff", "accept", HANDOFF, "--by", "anna")
    run_ok("handoff", "recycle", HANDOFF, "--by", "anna", "--reason", "not yet")
    assert run_json("handoffs", "--open") == []
    assert run_json("account", "acme.com")["stage"] is None


def test_a_decision_needs_a_name(handoff: Json) -> None:
    answer = run_cli("handoff", "accept", HANDOFF)
    assert (answer.code, answer.out, "--by" in answer.err) == (2, "", True)


def test_of_two_processes_that_decide_at_once_one_wins_and_the_other_learns_who(handoff: Json) -> None:
    people = ("anna", "berta", "carla")
    racing = [
        subprocess.Popen(
            [STAFFEL, "handoff", verb, HANDOFF, "--by", who],
            env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for who, verb in zip(people, ("accept", "accept", "reject"), strict=True)
    ]  # fmt: skip
    answers = {
        who: (*process.communicate(timeout=60), process.returncode) for who, process in zip(people, racing, strict=True)
    }
    now = run_json("handoff", HANDOFF)
    [winner] = [who for who, (_, _, code) in answers.items() if code == 0]
    assert (now["by"], [step["by"] for step in now["steps"]]) == (winner, [winner])
    for who, (out, err, code) in answers.items():
        if who != winner:
            assert (code, out) == (1, "")
            assert err.startswith(f"{HANDOFF} is {now['status']} by {winner}; ")
    assert run_json("audit", "verify")["mismatches"] == []


def result_of(process: "subprocess.Popen[str]") -> tuple[str, str, int]:
    out, err = process.communicate(timeout=60)
    return out, err, process.returncode


def test_a_decision_from_a_file_is_recorded_and_judged_by_the_fold_alone(handoff: Json) -> None:
    late = cloud_event("late", "handoff.recycled", "2026-01-06T09:00:00Z", data={"handoff": HANDOFF, "by": "anna"})
    assert run_json("ingest", "cloudevents", write_lines(Path("late.jsonl"), late))["recorded"] == 1
    assert run_json("handoff", HANDOFF)["status"] == "proposed"


def test_what_a_person_is_called_and_what_role_they_have() -> None:
    mail = cloud_event("m", "email.replied", contact="pat@acme.com", data={"campaign": "spring"})
    run_json("ingest", "cloudevents", write_lines(Path("mail.jsonl"), mail))
    id = run_json("contact", "pat@acme.com")["contact"]
    run_ok("contact", "role", "pat@acme.com", "champion")
    result = run_json("contact", id)
    assert (result["email"], [(each["account"], each["role"]) for each in result["accounts"]]) == (
        "pat@acme.com", [("acme.com", "champion")],
    )  # fmt: skip
    people = {each["contact"]: each for each in run_json("account", "acme.com")["contacts"]}
    assert people[id]["scores"] == result["accounts"][0]["scores"]


def test_an_erased_contact_has_no_name_and_the_score_stays() -> None:
    mail = cloud_event("m", "email.replied", contact="pat@acme.com", data={"campaign": "spring"})
    run_json("ingest", "cloudevents", write_lines(Path("mail.jsonl"), mail))
    before, id = ledger_lines(), run_json("contact", "pat@acme.com")["contact"]
    erased = run_json("forget", "pat@acme.com")
    assert (erased["contact"], erased["accounts"], erased["remaining"]) == (id, ["acme.com"], [])
    result = run_json("contact", id)
    assert (result["name"], result["email"]) == (None, None)
    assert run_cli("contact", "pat@acme.com").code == 1
    assert (ledger_lines(), bool(before)) == (before, True)
    assert run_json("audit", "verify")["mismatches"] == []


def ledger_lines() -> list[tuple[str, float, float]]:
    """The scores of acme.com."""
    lines = run_json("account", "acme.com", "--explain")["lines"]
    return [(line["contact"], line["points"], line["weight"]) for line in lines]


def test_suppressing_a_person_is_recorded_with_its_reason() -> None:
    mail = cloud_event("m", "email.replied", contact="pat@acme.com", data={"campaign": "spring"})
    run_json("ingest", "cloudevents", write_lines(Path("mail.jsonl"), mail))
    run_ok("contact", "suppress", "pat@acme.com", "--reason", "asked us")
    run_ok("contact", "release", "pat@acme.com")
    facts = run_json("account", "acme.com", "--deep")["facts"]
    assert [(fact["type"], fact.get("data")) for fact in facts[1:]] == [
        ("contact.suppressed.v1", {"reason": "asked us"}),
        ("contact.released.v1", None),
    ]


def test_registering_and_claiming_tell_what_was_recorded() -> None:
    result = run_json(
        "account", "register", "Acme", "--name", "Acme GmbH", "--domain", "acme.com", "--employees", "800"
    )
    assert (result["account"], result["type"]) == ("acme", "account.registered.v1")
    assert run_ok("account", "claim", "acme", "acme.de").out == "Recorded account.domain_claimed for acme.\n"
    assert run_json("account", "ACME")["profile"]["employees"] == 800
    mail = cloud_event("m", "email.replied", subject=None, contact="pat@acme.de", data={"campaign": "spring"})
    run_json("ingest", "cloudevents", write_lines(Path("mail.jsonl"), mail))
    assert run_json("contact", "pat@acme.de")["accounts"][0]["account"] == "acme"
