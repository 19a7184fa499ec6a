"""Every file of the medtech example passes its connector with the expected facts of each type and no rejections."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from intake import access_log, cloudevents
from intake.calendar import connector as calendar_file
from intake.crm import accounts as crm_accounts
from intake.crm import opportunities as crm_opportunities
from intake.mail import connector as mbox
from intake.observation import Filtered, Item, Observation, Rejected
from intake.recorder.networks import read_networks
from intake.segment import connector as segment
from schemas.facts.validation import check_fact
from schemas.times import parse_time
from scoring.model.loading import load_model

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "medtech"
DATA = EXAMPLE / "data"
OUR_DOMAINS = frozenset({"nordwerk-med.example"})
NOW_MS = parse_time("2026-11-01T00:00:00.000Z")


def item_counts(items: Iterable[Item]) -> dict[str, int]:
    """Counts of observations by type, and of `filtered`, `rejected` and `repeated` (known id) ones."""
    counts: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for item in items:
        if isinstance(item, Observation):
            counts[item.type] += 1
            counts["repeated"] += (item.source, item.id) in seen
            counts["bots"] += item.data.get("bot") is True
            seen.add((item.source, item.id))
        counts["filtered"] += isinstance(item, Filtered)
        counts["rejected"] += isinstance(item, Rejected)
    return {name: count for name, count in counts.items() if count}


def test_the_access_log_shows_pages_bots_and_requests_that_are_no_views() -> None:
    assert item_counts(access_log.read(DATA / "access.log")) == {
        "web.page_viewed.v1": 912,
        "bots": 284,
        "filtered": 614,
    }


def test_the_mailbox_gives_replies_and_a_bounce_but_no_automatic_answer() -> None:
    assert item_counts(mbox.read(DATA / "marketing.mbox", OUR_DOMAINS)) == {
        "email.replied.v1": 11,
        "email.bounced.v1": 1,
        "repeated": 1,
        "filtered": 254,
    }


def test_every_reply_is_joined_to_the_campaign_that_it_answers() -> None:
    items = mbox.read(DATA / "marketing.mbox", OUR_DOMAINS)
    replies = [item for item in items if isinstance(item, Observation) and item.type == "email.replied.v1"]
    assert [reply.where for reply in replies if not reply.data.get("campaign")] == []


def test_the_calendar_shows_meetings_held_missed_and_canceled_but_no_internal_ones() -> None:
    assert item_counts(calendar_file.read(DATA / "calendar.ics", OUR_DOMAINS, now=NOW_MS)) == {
        "meeting.held.v1": 43,
        "meeting.missed.v1": 2,
        "meeting.canceled.v1": 3,
        "filtered": 12,
    }


def test_all_browser_and_product_calls_are_supported() -> None:
    assert item_counts(segment.read(DATA / "site.segment.jsonl")) == {
        "contact.identified.v1": 40,
        "account.updated.v1": 11,
        "web.page_viewed.v1": 556,
        "web.form_submitted.v1": 14,
        "web.content_downloaded.v1": 3,
        "web.searched.v1": 27,
        "event.attended.v1": 12,
        "product.used.v1": 343,
        "repeated": 2,
    }


def test_all_events_of_the_bus_are_supported() -> None:
    assert item_counts(cloudevents.read(DATA / "bus.cloudevents.jsonl")) == {
        "email.delivered.v1": 252,
        "email.opened.v1": 65,
        "email.clicked.v1": 9,
        "email.unsubscribed.v1": 2,
        "contact.identified.v1": 32,
        "event.attended.v1": 4,
        "call.connected.v1": 2,
        "nps.answered.v2": 7,
        "referral.made.v1": 1,
        "product.canceled.v1": 1,
        "opportunity.advanced.v1": 1,
        "account.suppressed.v1": 1,
        "account.released.v1": 1,
        "score.adjusted.v1": 1,
        "handoff.accepted.v1": 5,
        "handoff.rejected.v1": 1,
        "handoff.recycled.v1": 1,
        "handoff.expired.v1": 1,
        "handoff.converted.v1": 3,
        "repeated": 1,
    }


def test_some_events_of_the_bus_were_recorded_days_after_they_happened() -> None:
    items = cloudevents.read(DATA / "bus.cloudevents.jsonl")
    late = [i for i in items if isinstance(i, Observation) and (i.recorded_at or 0) - i.time > 24 * 3_600_000]
    assert {item.type for item in late} == {"event.attended.v1", "contact.identified.v1"}


def test_some_mails_were_opened_by_a_machine() -> None:
    items = cloudevents.read(DATA / "bus.cloudevents.jsonl")
    opened = [i.data["machine"] for i in items if isinstance(i, Observation) and i.type == "email.opened.v1"]
    assert Counter(opened) == {False: 56, True: 9}


def test_a_visitor_of_the_bus_is_the_anonymous_id_of_a_browser() -> None:
    bus_visitors = {i.visitor for i in cloudevents.read(DATA / "bus.cloudevents.jsonl") if isinstance(i, Observation)}
    browsers = {i.visitor for i in segment.read(DATA / "site.segment.jsonl") if isinstance(i, Observation)}
    assert len(bus_visitors - {None}) == 1
    assert bus_visitors <= browsers | {None}


def test_the_crm_knows_nine_customers_and_four_targets_among_seventeen_companies() -> None:
    items = list(crm_accounts.read_accounts(DATA / "accounts.csv"))
    rows = [item.data for item in items if isinstance(item, Observation)]
    assert item_counts(items) == {"account.registered.v1": 17}
    assert Counter(row["customer"] for row in rows) == {True: 9, False: 8}
    assert [row["name"] for row in rows if row["target"]] == [
        "Alvarin Pharma AG",
        "Brenner Biotech GmbH",
        "Sonnfeld Pharma SE",
        "Rheinquell Biologics GmbH",
    ]


def test_a_group_owns_several_domains_and_a_subsidiary_knows_its_parent() -> None:
    items = crm_accounts.read_accounts(DATA / "accounts.csv")
    accounts = {item.account: item.data for item in items if isinstance(item, Observation)}
    assert accounts["helvion.example"]["domains"] == [
        "helvion.example",
        "helvion-biologics.example",
        "helvion-services.example",
    ]
    assert accounts["kantera-biotech.example"]["parent"] == "helvion.example"


def test_three_deals_were_won_and_two_lost() -> None:
    assert item_counts(crm_opportunities.read_opportunities(DATA / "opportunities.csv")) == {
        "opportunity.opened.v1": 5,
        "opportunity.won.v1": 3,
        "opportunity.lost.v1": 2,
    }


def test_all_data_fits_its_fact_type() -> None:
    files: list[Iterable[Item]] = [
        access_log.read(DATA / "access.log"),
        mbox.read(DATA / "marketing.mbox", OUR_DOMAINS),
        calendar_file.read(DATA / "calendar.ics", OUR_DOMAINS, now=NOW_MS),
        cloudevents.read(DATA / "bus.cloudevents.jsonl"),
        crm_accounts.read_accounts(DATA / "accounts.csv"),
        crm_opportunities.read_opportunities(DATA / "opportunities.csv"),
    ]
    observations = [item for items in files for item in items if isinstance(item, Observation)]
    refused = [(o.where, check_fact(o.type, o.data)) for o in observations if check_fact(o.type, o.data) is not o.data]
    assert refused == []


def test_the_networks_of_the_operator_are_read_whole() -> None:
    networks, rejected = read_networks(EXAMPLE / "networks.csv")
    addresses = ("198.51.100.9", "198.51.100.66", "2001:db8:40::7", "203.0.113.9")
    assert rejected == []
    assert [networks.domain_of(ip) for ip in addresses] == [
        "alvarin-pharma.example",
        "helvion.example",
        "medisept-systems.example",
        None,
    ]


def test_the_model_is_accepted() -> None:
    model = load_model((EXAMPLE / "model.yaml").read_text(encoding="utf-8"))
    assert list(model.tracks) == ["acquisition", "expansion"]
