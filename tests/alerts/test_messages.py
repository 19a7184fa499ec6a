"""What people read."""

from typing import Any

import pytest

from alerts.messages import Links, Message, message, shown_contacts
from schemas.envelope import FactRecord
from tests.alerts.builders import REASONS, proposed_event

COMPANY = {
    **{"industry": "pharmaceuticals", "employees": 1200, "country": "DE", "customer": True},
    **{"fit": "A", "owner": "anna"},
}
TOLD_REASONS = [
    {**REASONS[0], "what": "meeting held: demo", "role": "head of quality"},
    {**REASONS[1], "what": "mail answered"},
    {**REASONS[2], "what": "page viewed: /pricing"},
    REASONS[3],
]


def complete_event(**fields: Any) -> FactRecord:
    """A handoff with its dossier."""
    known = {"name": "Acme GmbH", "company": COMPANY, "reasons": TOLD_REASONS, "zone": "Europe/Berlin"}
    return proposed_event(**known | fields)


def test_a_handoff_says_who_how_much_until_when_why_and_how_to_take_it() -> None:
    assert message("handoff_proposed", complete_event()) == Message(
        "Ready for sales: Acme GmbH (acme.com)",
        "company: pharmaceuticals, 1200 employees, DE, customer, fit A, owner anna\n"
        "acquisition, score 112.5, for sdr\n"
        "due Mon 5 Jan 2026 17:00 (Europe/Berlin)\n"
        "- 60.0 meeting held: demo, c_anna (head of quality)\n"
        "- 30.0 mail answered, c_bert\n"
        "- 12.5 page viewed: /pricing\n"
        "- and 1 more\n"
        "staffel handoff accept acme.com/acquisition/1 --by YOU",
    )


def test_what_is_not_known_is_not_said() -> None:
    bare = proposed_event(name=None, route=None, due_at=None, reasons=REASONS[:1], company={"fit": "unknown"})

    assert message("act_now", bare) == Message(
        "ACT NOW: acme.com",
        "acquisition, score 112.5\n- 60.0 meeting_held, c_anna\nstaffel handoff accept acme.com/acquisition/1 --by YOU",
    )


def test_large_companies_are_written_out() -> None:
    assert message("act_now", complete_event(company={"employees": 1_250_000})).body.splitlines()[0] == (
        "company: 1250000 employees"
    )


def test_who_may_be_named_is_named() -> None:
    lines = message("act_now", complete_event(), names={"c_anna": "Anna Berg"}).body.splitlines()

    assert lines[3:5] == ["- 60.0 meeting held: demo, Anna Berg (head of quality)", "- 30.0 mail answered, c_bert"]


def test_only_persons_of_the_shown_reasons_are_looked_up() -> None:
    assert shown_contacts(complete_event()) == ["c_anna", "c_bert"]
    assert shown_contacts(proposed_event(reasons=None)) == []


def test_a_service_level_that_passed_was_due() -> None:
    title, body = message("service_level_passed", proposed_event())

    assert title == "OVERDUE: acme.com was not accepted in time"
    assert body.splitlines()[1] == "was due Mon 5 Jan 2026 16:00 (UTC)"


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Asia/Kolkata", "due Mon 5 Jan 2026 21:30 (Asia/Kolkata)"),
        ("America/Los_Angeles", "due Mon 5 Jan 2026 08:00 (America/Los_Angeles)"),
        ("UTC", "due Mon 5 Jan 2026 16:00 (UTC)"),
        ("Mars/Olympus", "due Mon 5 Jan 2026 16:00 (UTC)"),
    ],
)
def test_the_due_time_is_that_of_the_route(zone: str, due: str) -> None:
    assert message("act_now", complete_event(zone=zone)).body.splitlines()[2] == due


def test_links_lead_to_the_page_of_the_handoff_and_into_the_crm() -> None:
    links = Links("https://crm.example.com/{account}?handoff={handoff}", "https://staffel.example.com/")

    assert message("act_now", proposed_event(), links).body.splitlines()[-3:] == [
        "staffel handoff accept acme.com/acquisition/1 --by YOU",
        "https://staffel.example.com/handoffs/acme.com/acquisition/1",
        "https://crm.example.com/acme.com?handoff=acme.com%2Facquisition%2F1",
    ]


def test_names_cannot_shout_at_a_chat_or_break_its_lines() -> None:
    title, body = message(
        "act_now", proposed_event(name="<!channel> @all *Acme*\nGmbH", handoff="a;rm -rf ~/acquisition/1")
    )

    assert title == "ACT NOW: ‹!channel› (at)all ·Acme· GmbH (acme.com)"
    assert body.splitlines()[-1] == "staffel handoffs"


def test_names_make_no_link_and_no_mark_up() -> None:
    title, _ = message("act_now", proposed_event(name="[Sign in](https://evil.example/login) _now_"))

    assert title == "ACT NOW: (Sign in)(https:∕∕evil․example/login) -now- (acme.com)"


def test_an_account_that_a_command_would_take_for_an_option_is_not_put_into_one() -> None:
    _, body = message("act_now", proposed_event(handoff="--by/acquisition/1"))

    assert body.splitlines()[-1] == "staffel handoffs"


def test_a_reminder_says_until_when() -> None:
    title, body = message("reminder", complete_event(step={"percent": 80, "to": None}))

    assert title == "Reminder: Acme GmbH (acme.com) waits for an answer"
    assert body.splitlines()[2] == "due Mon 5 Jan 2026 17:00 (Europe/Berlin)"


def test_an_escalation_says_for_whom_and_why() -> None:
    title, body = message("escalation", complete_event(step={"percent": 100, "to": "heads"}))

    assert title == "ESCALATED: Acme GmbH (acme.com) was not accepted"
    assert body.splitlines()[2:4] == [
        "was due Mon 5 Jan 2026 17:00 (Europe/Berlin)",
        "now for heads: 100 % of the time to answer have passed",
    ]
