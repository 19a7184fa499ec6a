"""What people read."""

from alerts.messages import Message, message
from tests.alerts.builders import REASONS, proposed_event


def test_a_handoff_says_who_how_much_until_when_why_and_how_to_take_it() -> None:
    assert message("handoff_proposed", proposed_event(name="Acme GmbH")) == Message(
        "Ready for sales: Acme GmbH (acme.com)",
        "acquisition, score 112.5, for sdr\n"
        "due 2026-01-05 16:00 UTC\n"
        "- 60.0 meeting_held, c_anna\n"
        "- 30.0 reply, c_bert\n"
        "- 12.5 pricing_page, ~account\n"
        "- and 1 more\n"
        "staffel handoff accept acme.com/acquisition/1 --by YOU",
    )


def test_what_is_not_known_is_not_said() -> None:
    bare = proposed_event(name=None, route=None, due_at=None, reasons=REASONS[:1])

    assert message("act_now", bare) == Message(
        "ACT NOW: acme.com",
        "acquisition, score 112.5\n- 60.0 meeting_held, c_anna\nstaffel handoff accept acme.com/acquisition/1 --by YOU",
    )


def test_a_service_level_that_passed_was_due() -> None:
    title, body = message("service_level_passed", proposed_event())

    assert title == "Overdue: acme.com was not accepted in time"
    assert body.splitlines()[1] == "was due 2026-01-05 16:00 UTC"


def test_a_link_leads_to_the_account_or_the_handoff() -> None:
    link = "https://crm.example.com/{account}?handoff={handoff}"

    assert message("act_now", proposed_event(), link).body.splitlines()[-1] == (
        "https://crm.example.com/acme.com?handoff=acme.com%2Facquisition%2F1"
    )


def test_names_cannot_shout_at_a_chat_or_break_its_lines() -> None:
    title, body = message(
        "act_now", proposed_event(name="<!channel> @all *Acme*\nGmbH", handoff="a;rm -rf ~/acquisition/1")
    )

    assert title == "ACT NOW: ‹!channel› (at)all ·Acme· GmbH (acme.com)"
    assert body.splitlines()[-1] == "staffel handoffs --open"


def test_names_make_no_link_and_no_mark_up() -> None:
    title, _ = message("act_now", proposed_event(name="[Sign in](https://evil.example/login) _now_"))

    assert title == "ACT NOW: (Sign in)(https:∕∕evil․example/login) -now- (acme.com)"


def test_an_account_that_a_command_would_take_for_an_option_is_not_put_into_one() -> None:
    _, body = message("act_now", proposed_event(handoff="--by/acquisition/1"))

    assert body.splitlines()[-1] == "staffel handoffs --open"
