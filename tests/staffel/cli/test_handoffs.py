"""The work list on the screen, as JSON and as CSV, with one filter for all; and what people say about contacts."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import begin_again, cloud_event, run_cli, run_json, run_ok, write_lines

MODEL = """\
model: tiny
timezone: Europe/Berlin
tracks:
  sales:
    rules:
      - {id: demo, on: web.form_submitted, points: 10, half_life: 30d}
    stages:
      - {name: ready, enter: 8, leave: 5, handoff: true}
handoff:
  routes:
    - {when: {country: {equals: DE}}, to: sdr-de}
    - {to: sdr}
"""
ACME, BETA = "acme.com/sales/1", "beta.com/sales/1"


@pytest.fixture
def two_handoffs() -> None:
    """Proposed handoffs of acme.com, whose owner is Anna, and of beta.com, which nobody owns."""
    begin_again(write_lines(Path("model.yaml"), MODEL))
    company = {"name": "Acme GmbH", "owner": "Anna", "country": "DE"}
    registered = cloud_event("acme", "account.registered", "2026-01-05T09:00:00Z", data=company)
    forms = [
        cloud_event(id, "web.form_submitted", subject=account, data={"form": "demo"})
        for id, account in (("a", "acme.com"), ("b", "beta.com"))
    ]
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), registered, *forms))


def listed(*options: str) -> list[str]:
    """The same handoffs as JSON and as CSV."""
    as_json = [row["handoff"] for row in run_json("handoffs", *options)]
    lines = run_ok("handoffs", *options, "--csv").out.splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == as_json
    return as_json


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [ACME, BETA]),
        (("--owner", "anna"), [ACME]),
        (("--route", "sdr"), [BETA]),
        (("--track", "sales"), [ACME, BETA]),
        (("--track", "other"), []),
        (("--status", "proposed"), [ACME, BETA]),
        (("--status", "accepted"), []),
        (("--overdue",), []),
        (("--limit", "1"), [ACME]),
    ],
)
@pytest.mark.usefixtures("two_handoffs")
def test_one_filter_for_all_formats(options: tuple[str, ...], expected: list[str]) -> None:
    assert listed(*options) == expected


@pytest.mark.usefixtures("two_handoffs")
def test_mine_follows_the_user_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_USER", "ANNA")
    assert listed("--mine") == [ACME]
    run_ok("handoff", "assign", ACME, "--to", "ben")
    run_ok("handoff", "accept", BETA)
    assert listed("--mine") == [BETA]


def test_mine_without_a_user_says_what_to_set() -> None:
    failure = "--mine: set STAFFEL_USER to your short name, for instance in .env: STAFFEL_USER=anna"
    assert run_cli("handoffs", "--mine").failure == (2, failure)


def test_an_unknown_status_is_told_with_the_known_ones() -> None:
    statuses = "proposed, accepted, rejected, expired, withdrawn, recycled, converted"
    failure = f"--status accept: unknown status (did you mean 'accepted'?); write one of {statuses}"
    assert run_cli("handoffs", "--status", "accept").failure == (2, failure)


@pytest.mark.usefixtures("two_handoffs")
def test_closed_handoffs_are_listed_by_all() -> None:
    run_ok("handoff", "reject", ACME, "--by", "anna", "--reason", "budget")
    assert (listed(), listed("--all")) == ([BETA], [BETA, ACME])


@pytest.mark.usefixtures("two_handoffs")
def test_json_says_from_when_the_time_counts_and_who_is_in_charge() -> None:
    run_ok("handoff", "assign", ACME, "--to", "ben", "--by", "anna")
    row = run_json("handoffs")[0]
    assert {name: row[name] for name in ("name", "owner", "assigned_to", "overdue", "due_at", "cause_type")} == {
        "name": "Acme GmbH", "owner": "Anna", "assigned_to": "ben", "overdue": False, "due_at": None,
        "cause_type": "web.form_submitted",
    }  # fmt: skip
    assert (row["crossed_at"], row["starts_at"] > "2026-02") == ("2026-01-05T09:12:00.000Z", True)


@pytest.mark.usefixtures("two_handoffs")
def test_the_screen_shows_times_in_the_viewers_zone_and_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("STAFFEL_USER", "anna")
    run_ok("handoff", "accept", ACME, "--note", "called: they wait for an offer")
    lines = run_ok("handoffs", "--limit", "1").out.splitlines()
    assert lines[0].endswith(" (Asia/Tokyo): 2 handoffs")
    assert (lines[2], lines[-1]) == (BETA, "The first 1 of 2; use --limit to see more.")
    shown = run_ok("handoff", ACME).out
    assert ("called: they wait for an offer" in shown, "owner Anna" in shown) == (True, True)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "No open handoffs; `staffel handoffs --all` lists closed ones.\n"),
        (("--all",), "No handoffs yet.\n"),
        (("--owner", "anna"), "No handoff matches these options.\n"),
    ],
)
def test_an_empty_list_says_why(options: tuple[str, ...], text: str) -> None:
    assert run_ok("handoffs", *options).out == text


def test_what_a_person_is_called_and_what_role_they_have() -> None:
    mail = cloud_event("m", "email.replied", contact="pat@acme.com", data={"campaign": "spring"})
    run_json("ingest", "cloudevents", write_lines(Path("mail.jsonl"), mail))
    id = run_json("contact", "pat@acme.com")["contact"]
    run_ok("contact", "role", "pat@acme.com", "champion")
    result = run_json("contact", id, "--names")
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
    result = run_json("contact", id, "--names")
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
