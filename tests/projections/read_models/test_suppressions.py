"""Suppressions: every reason starts and ends and is published once; a reader of the topic knows who is left out."""

import pytest

from schemas.topics import SUPPRESSIONS
from tests.projections.campaign_world import EXPANSION, HANDOFF, CampaignWorld, day
from tests.projections.world import World
from tests.scoring.fold_runner import ACME, Json

BOTH_WITH_SALES = {("c_a", "with_sales"), ("c_b", "with_sales")}
BOTH_DISMISSED = {("c_a", "dismissed"), ("c_b", "dismissed")}
NOBODY: set[tuple[str | None, str]] = set()
ACCOUNT: Json = {"contact": None}


@pytest.mark.parametrize("cause", ["email.unsubscribed", "email.complained", "contact.suppressed"])
def test_who_unsubscribed_complained_or_told_us_is_left_out_until_released(world: World, cause: str) -> None:
    campaign = CampaignWorld(world).record(cause)
    assert campaign.holds() == {("c_a", "asked")}
    assert campaign.record("contact.released").holds() == NOBODY


def test_the_events_say_whom_why_since_when_and_the_fact_that_did_it(world: World) -> None:
    started, ended = CampaignWorld(world).record("email.unsubscribed", "contact.released").events()
    shared = {"suppression": f"{ACME}/c_a/asked/1", "account": ACME, "contact": "c_a", "reason": "asked"}
    shared |= {"since": day(1), "handoff": None}
    assert (started["id"], started["type"], started["subject"], started["time"]) == (
        f"{ACME}/c_a/asked/1:started",
        "suppression.started.v1",
        ACME,
        day(1),
    )
    assert started["data"] == shared | {"cause": "f1", "cause_type": "email.unsubscribed", "until": None}
    assert (ended["id"], ended["time"]) == (f"{ACME}/c_a/asked/1:ended", day(2))
    assert ended["data"] == shared | {"ended_at": day(2), "cause": "f2", "cause_type": "contact.released"}


def test_who_asks_again_and_again_is_told_of_once(world: World) -> None:
    campaign = CampaignWorld(world).record("email.unsubscribed", "email.complained", "email.unsubscribed")
    assert len(campaign.events()) == 1


def test_an_opt_out_of_the_past_that_comes_late_does_not_undo_a_later_release(world: World) -> None:
    late = ("email.unsubscribed", {"time": day(0)})
    campaign = CampaignWorld(world).record("email.unsubscribed", "contact.released", late)
    assert campaign.holds() == NOBODY


def test_a_release_that_comes_late_does_not_undo_a_later_opt_out(world: World) -> None:
    late = ("contact.released", {"time": day(1.5)})
    campaign = CampaignWorld(world).record("email.unsubscribed", "email.complained", late)
    assert campaign.holds() == {("c_a", "asked")}


def test_an_account_is_left_out_as_a_whole_until_it_is_released(world: World) -> None:
    campaign = CampaignWorld(world).record(("account.suppressed", ACCOUNT))
    assert campaign.holds() == {(None, "asked")}
    assert campaign.record(("account.released", ACCOUNT)).holds() == NOBODY


def test_what_sales_talks_suppress_gates_no_handoff(world: World) -> None:
    """The gate asks only whether the account was suppressed."""
    campaign = CampaignWorld(world, "account").hand_over().record("product.used")
    assert world.rows("handoffs", "handoff") == [HANDOFF, EXPANSION]
    assert campaign.holds() == {(None, "with_sales")}


@pytest.mark.parametrize("answer", [[], ["accepted"], ["accepted", "converted"], ["expired", "accepted"]])
def test_the_people_of_the_evidence_are_with_sales_while_sales_talks(world: World, answer: list[str]) -> None:
    assert CampaignWorld(world).hand_over().decide(*answer).holds() == BOTH_WITH_SALES


@pytest.mark.parametrize(("answer", "left"), [("recycled", NOBODY), ("expired", NOBODY), ("rejected", BOTH_DISMISSED)])
def test_the_talks_end_with_the_answer_of_sales(world: World, answer: str, left: object) -> None:
    accepted = ["accepted"] if answer == "recycled" else []
    assert CampaignWorld(world).hand_over().decide(*accepted, answer).holds() == left


@pytest.mark.parametrize("end", ["won", "lost"])
def test_the_talks_about_a_converted_one_end_when_its_opportunity_is_closed(world: World, end: str) -> None:
    campaign = CampaignWorld(world).hand_over().decide("accepted")
    deal = {**ACCOUNT, "data": {"opportunity": "o-1"}}
    assert campaign.record(("opportunity.opened", dict(deal))).holds() == BOTH_WITH_SALES
    assert campaign.record((f"opportunity.{end}", dict(deal))).holds() == NOBODY


@pytest.mark.parametrize("act", ["email.replied", "meeting.booked", "meeting.held", "call.connected"])
def test_who_replied_met_us_or_was_called_during_the_talks_is_with_sales_too(world: World, act: str) -> None:
    campaign = CampaignWorld(world).record((act, {"contact": "c_early"})).hand_over()
    campaign.record((act, {"contact": "c_new"}), (act, {"contact": "c_import", "time": day(0)}))
    assert campaign.holds() == BOTH_WITH_SALES | {("c_new", "with_sales")}
    assert campaign.decide("accepted", "recycled").record((act, {"contact": "c_after"})).holds() == NOBODY


def test_bots_machines_and_unknown_visitors_talk_to_nobody(world: World) -> None:
    campaign = CampaignWorld(world).hand_over()
    campaign.record(("email.replied", {"contact": "c_bot", "data": {"bot": True}}), ("chat.held", {"contact": "v_x"}))
    campaign.record(("email.replied", {"contact": "c_scanner", "data": {"machine": True}}))
    campaign.record(("email.replied", {"contact": "v_x"}))
    assert campaign.holds() == BOTH_WITH_SALES


@pytest.mark.parametrize(("suppress", "held"), [("account", {(None, "with_sales")}), ("none", NOBODY)])
def test_the_model_says_whom_talks_suppress(world: World, suppress: str, held: object) -> None:
    campaign = CampaignWorld(world, suppress).hand_over().record(("email.replied", {"contact": "c_new"}))
    assert campaign.holds() == held
    assert campaign.decide("rejected").holds() == {(contact, "dismissed") for contact, _ in held}  # type: ignore[attr-defined]


def test_dismissed_lasts_until_the_cool_down_ends_and_says_so_beforehand(world: World) -> None:
    campaign = CampaignWorld(world).hand_over().decide("rejected")
    assert {event["data"].get("until") for event in campaign.events() if event["data"]["reason"] == "dismissed"} == {
        day(33)
    }
    assert campaign.record(("email.clicked", {"time": day(32)})).holds() == BOTH_DISMISSED
    again = campaign.record(("web.page_viewed", {"time": day(33)}))
    assert again.holds() == BOTH_WITH_SALES, "the account has still the points, and is handed over again"


def test_two_reasons_at_once_hold_until_both_have_ended(world: World) -> None:
    campaign = CampaignWorld(world).hand_over().record("email.unsubscribed")
    assert campaign.holds() == BOTH_WITH_SALES | {("c_a", "asked")}
    assert campaign.decide("accepted", "recycled").holds() == {("c_a", "asked")}
    assert campaign.record("contact.released").holds() == NOBODY


def test_talks_in_two_tracks_suppress_until_both_have_ended(world: World) -> None:
    campaign = CampaignWorld(world).hand_over().record("product.used").decide("accepted", "recycled")
    assert campaign.holds() == {("c_a", "with_sales")}
    assert campaign.decide("accepted", "recycled", handoff=EXPANSION).holds() == NOBODY


def test_an_erasure_ends_nothing_and_stays(world: World) -> None:
    campaign = CampaignWorld(world).record("email.unsubscribed", "contact.erased")
    assert campaign.holds() == {("c_a", "asked"), ("c_a", "erased")}
    assert campaign.record("contact.released", "contact.erased").holds() == {("c_a", "erased")}


def test_an_opt_out_of_somebody_without_a_company_counts(world: World) -> None:
    campaign = CampaignWorld(world).record(("email.unsubscribed", {"subject": "anon:c_a"}))
    assert campaign.holds() == {("c_a", "asked")}


def test_an_imported_history_tells_each_opt_out_once_and_nothing_of_old_talks(world: World) -> None:
    campaign = CampaignWorld(world)
    years = [
        ("email.unsubscribed", {"time": day(-number), "contact": f"c_{number % 3}"}) for number in range(300, 0, -1)
    ]
    campaign.record(*years, *[("email.replied", {"time": day(-n), "contact": "c_r"}) for n in range(50)])
    assert campaign.holds() == {("c_0", "asked"), ("c_1", "asked"), ("c_2", "asked")}
    assert len(campaign.events()) == 3


EVERYTHING = [
    "email.clicked",
    ("email.clicked", {"contact": "c_b"}),
    ("email.replied", {"contact": "c_c"}),
    ("handoff.accepted", {"contact": None, "data": {"handoff": HANDOFF}}),
    "email.unsubscribed",
    "product.used",
    ("handoff.recycled", {"contact": None, "data": {"handoff": HANDOFF}}),
    ("handoff.rejected", {"contact": None, "data": {"handoff": EXPANSION}}),
    ("contact.erased", {"contact": "c_b"}),
    "contact.released",
    ("web.page_viewed", {"time": day(80)}),
]
ALL_EVENTS = 10 + 6
"""Starts: three people in the first talks, one in the second; asked, dismissed, erased; three in the next talks. All
but the last three and the erasure end."""


def copy_of(facts: list[str | tuple[str, Json]]) -> list[str | tuple[str, Json]]:
    return [each if isinstance(each, str) else (each[0], dict(each[1])) for each in facts]


def test_however_facts_are_cut_into_updates_the_same_is_told(world: World, straight: World) -> None:
    one_by_one = CampaignWorld(world, batch=1).record(*copy_of(EVERYTHING))
    at_once = CampaignWorld(straight).record(*copy_of(EVERYTHING))
    assert sorted(each["id"] for each in one_by_one.events()) == sorted(each["id"] for each in at_once.events())
    assert one_by_one.rows() == at_once.rows()
    assert len(at_once.events()) == ALL_EVENTS


def test_what_is_projected_again_is_told_once(world: World) -> None:
    campaign = CampaignWorld(world).record(*copy_of(EVERYTHING))
    before = campaign.events()
    world.reset_and_project().run_reactors()
    assert campaign.events() == before


def test_a_rebuild_makes_the_same_rows_and_fills_no_outbox(world: World) -> None:
    campaign = CampaignWorld(world).record(*copy_of(EVERYTHING))
    before, waiting = campaign.rows(), world.rows("outbox", "id")
    campaign.rebuild()
    assert (campaign.rows(), world.rows("outbox", "id")) == (before, waiting)
    assert len(world.run_reactors().records_of_topic(SUPPRESSIONS)) == len(campaign.events())


def test_what_comes_during_a_rebuild_is_told_by_the_new_version(world: World) -> None:
    campaign = CampaignWorld(world).record(*copy_of(EVERYTHING[:4]))
    told = {each["id"] for each in campaign.events()}
    campaign.append(*copy_of(EVERYTHING[4:]))
    campaign.score()
    campaign.rebuild()
    world.run_reactors()
    assert told < {each["id"] for each in campaign.events()}
    assert len(campaign.events()) == ALL_EVENTS
