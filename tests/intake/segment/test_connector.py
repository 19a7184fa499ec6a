"""Calls of the Segment API become observations, or are filtered or rejected; none is lost."""

import json
from collections import Counter
from typing import Any

import pytest

from intake.observation import Filtered, Item, Observation, Rejected
from intake.segment import connector as segment
from intake.segment.calls import CallOptions
from schemas.facts.validation import check_fact
from schemas.times import parse_time
from tests.intake.segment.call_builders import (
    NINE_OCLOCK,
    READING,
    call,
    expected_observation,
    observe,
    observe_one,
)
from tests.requirements import real_data


def test_a_page_is_a_page_view() -> None:
    seen = call(
        "page", name="Pricing", properties={"url": "https://x.example/pricing", "referrer": "https://g.example/"}
    )
    data = {"url": "https://x.example/pricing", "referrer": "https://g.example/", "title": "Pricing"}
    assert observe_one(seen) == expected_observation("web.page_viewed.v1", data)


def test_a_page_takes_from_its_context_what_its_properties_leave_out() -> None:
    context = {
        "page": {"url": "https://x.example/", "title": "Start"},
        "ip": "203.0.113.5",
        "groupId": "acme",
        "userAgent": "Googlebot/2.1",
        "traits": {"email": "pat@acme.example"},
    }
    assert observe_one(call("page", context=context, userId="u1")) == expected_observation(
        "web.page_viewed.v1",
        {"url": "https://x.example/", "title": "Start", "bot": True},
        ip="203.0.113.5",
        account_hint="acme",
        email="pat@acme.example",
        person="u1",
    )


def test_a_screen_is_a_page_view() -> None:
    assert observe_one(call("screen", name="Home")) == expected_observation("web.page_viewed.v1", {"title": "Home"})


@pytest.mark.parametrize(
    ("event", "properties", "type_", "data"),
    [
        ("Signed Up", {"type": "organic"}, "product.signed_up.v1", {}),
        ("Trial Started", {"trial_plan_name": "Business"}, "product.trial_started.v1", {"feature": "Business"}),
        ("Signed In", {}, "product.used.v1", {"feature": "sign_in"}),
        ("Account Deleted", {"reason": "price"}, "product.canceled.v1", {"reason": "price"}),
        (
            "Email Opened",
            {"email_id": "18v", "email_subject": "Shirts", "campaign_id": "1", "campaign_name": "News"},
            "email.opened.v1",
            {"campaign": "News", "message": "18v", "subject": "Shirts"},
        ),
        ("email_link_clicked", {"link_url": "https://x.example/"}, "email.clicked.v1", {"url": "https://x.example/"}),
        ("Email Bounced", {"reason": "full"}, "email.bounced.v1", {"reason": "full"}),
        ("Email Marked as Spam", {}, "email.complained.v1", {}),
        ("Unsubscribed", {"campaign_id": 12}, "email.unsubscribed.v1", {"campaign": "12"}),
        ("Form Submitted", {"form_name": "newsletter"}, "web.form_submitted.v1", {"form": "newsletter"}),
        ("Demo Requested", {"plan": "ent"}, "web.form_submitted.v1", {"form": "demo"}),
        ("Content Downloaded", {"title": "Guide"}, "web.content_downloaded.v1", {"title": "Guide"}),
        ("Products Searched", {"query": "pumps"}, "web.searched.v1", {"query": "pumps"}),
        ("Live Chat Conversation Ended", {"conversation_duration": 90}, "chat.held.v1", {"minutes": 1.5}),
        ("Webinar Attended", {"name": "Pumps"}, "event.attended.v1", {"kind": "webinar", "event": "Pumps"}),
        ("Meeting Booked", {"id": 7, "minutes": "30"}, "meeting.booked.v1", {"meeting": "7", "minutes": 30}),
        ("Ad Clicked", {"campaign": "Q1"}, "ad.clicked.v1", {"campaign": "Q1"}),
        ("Song Played", {"artist": "D"}, "custom.tracked.v1", {"name": "Song Played", "properties": {"artist": "D"}}),
    ],
)
def test_known_events_become_their_fact_types(event: str, properties: Any, type_: str, data: Any) -> None:
    assert observe_one(call("track", event=event, properties=properties)) == expected_observation(type_, data)
    assert check_fact(type_, data) is data


def test_an_identify_call_identifies_a_visitor() -> None:
    traits = {"email": "pat@acme.example", "name": "Pat", "title": "VP of Engineering", "role": "Decision Maker"}
    company = {"company": {"name": "Acme", "website": "https://www.acme.example/"}}
    assert observe_one(call("identify", userId="u1", traits=traits | company)) == expected_observation(
        "contact.identified.v1",
        {"role": "decision_maker", "seniority": "vp"},
        email="pat@acme.example",
        name="Pat",
        person="u1",
        account_hint="Acme",
        host="acme.example",
    )


def test_a_group_call_describes_an_account() -> None:
    traits = {"name": "Acme Inc", "website": "www.acme.example", "employees": "420", "email": "info@acme.example"}
    more = {"industry": "Technology", "plan": "ent", "address": {"country": "DE"}, "annual_revenue": 1.5}
    assert observe_one(call("group", groupId="acme", traits=traits | more)) == expected_observation(
        "account.updated.v1",
        {
            "name": "Acme Inc",
            "domains": ["acme.example"],
            "industry": "Technology",
            "employees": 420,
            "revenue": 1.5,
            "country": "DE",
        },
        account_hint="acme",
        host="acme.example",
    )


def test_an_alias_joins_an_anonymous_id_or_an_address() -> None:
    joined = call("alias", previousId="anon1", userId="u1")
    assert observe_one(joined) == expected_observation(
        "contact.identified.v1", {}, visitor="anon1", person="u1", previous_person="anon1"
    )
    addressed = call("alias", previousId="jen@acme.example", userId="u1")
    assert observe_one(addressed) == expected_observation(
        "contact.identified.v1", {}, email="jen@acme.example", person="u1"
    )


@pytest.mark.parametrize(
    ("fields", "time"),
    [
        ({"timestamp": "2026-01-05T10:00:00+01:00"}, NINE_OCLOCK),
        ({"timestamp": None, "originalTimestamp": NINE_OCLOCK}, NINE_OCLOCK),
        ({"timestamp": None, "sentAt": NINE_OCLOCK}, NINE_OCLOCK),
        ({"timestamp": None, "receivedAt": NINE_OCLOCK}, NINE_OCLOCK),
        (
            # A server has corrected it already.
            {
                "originalTimestamp": "2025-01-01T00:00:00Z",
                "sentAt": "2026-01-05T10:00:00Z",
                "receivedAt": "2026-01-06T00:00:00Z",
            },
            NINE_OCLOCK,
        ),
        (
            {
                "timestamp": None,
                "originalTimestamp": "2030-01-01T00:00:00Z",
                "sentAt": "2030-01-01T01:00:00Z",
                "receivedAt": "2026-01-05T10:00:00Z",
            },
            NINE_OCLOCK,
        ),
        ({"timestamp": NINE_OCLOCK, "sentAt": "2026-01-05T09:00:01Z"}, NINE_OCLOCK),
    ],
)
def test_the_time_of_a_call_in_a_file(fields: dict[str, Any], time: str) -> None:
    assert observe_one(call("page", **fields)).time == parse_time(time)


def test_the_clock_of_a_live_sender_is_corrected() -> None:
    live = CallOptions("segment/shop", received_at=parse_time("2026-01-05T09:00:10.000Z"))
    late = call("page", timestamp="2031-05-05T00:00:00Z", sentAt="2031-05-05T00:00:10Z")
    assert observe_one(late, live).time == parse_time(NINE_OCLOCK)
    assert observe_one(call("page", timestamp=None), live).time == parse_time("2026-01-05T09:00:10.000Z")


def test_undated_calls_need_a_default_time() -> None:
    (rejected,) = observe(call("page", timestamp=None))
    assert isinstance(rejected, Rejected)
    assert rejected.code == "missing_time"
    assert observe_one(call("page", timestamp=None), CallOptions("segment/shop", default_time=5)).time == 5


def test_a_batch_shares_its_context_and_numbers_its_calls() -> None:
    bodies = [
        call("page", messageId="m1"),
        call("track", messageId="m2", event="Unsubscribed", context={"ip": "::1"}),
        3,
    ]
    items = observe({"batch": bodies, "context": {"groupId": "acme"}, "sentAt": NINE_OCLOCK})
    assert [(item.where, type(item)) for item in items] == [
        ("body#1", Observation),
        ("body#2", Observation),
        ("body#3", Rejected),
    ]
    assert [(item.account_hint, item.ip) for item in items if isinstance(item, Observation)] == [
        ("acme", None),
        ("acme", "::1"),
    ]


def test_other_spellings_and_missing_types_are_understood() -> None:
    lenient = {"user_id": 7, "action": "track", "event": "Unsubscribed", "timestamp": NINE_OCLOCK, "message_id": "m1"}
    assert observe_one(lenient) == expected_observation("email.unsubscribed.v1", {}, visitor=None, person="7")
    variants = [
        {"event": "x"},
        {"groupId": "g"},
        {"previousId": "p"},
        {"traits": {"email": "a@b.example"}},
        {"name": "Home"},
    ]
    types = [observe_one({"userId": "u1", "timestamp": NINE_OCLOCK} | fields).type for fields in variants]
    assert types == [
        "custom.tracked.v1",
        "account.updated.v1",
        "contact.identified.v1",
        "contact.identified.v1",
        "web.page_viewed.v1",
    ]
    (routed,) = observe({"userId": "u1", "timestamp": NINE_OCLOCK}, type_="screen")
    assert isinstance(routed, Observation)


def test_ids_without_message_id_come_from_the_content() -> None:
    seen = call("page", messageId=None, userId="u1")
    ids = [item.id for item in observe([seen, seen | {"sentAt": NINE_OCLOCK}]) if isinstance(item, Observation)]
    assert ids[0] == observe_one(seen).id
    assert ids[1] == ids[0][:-1] + "2"


def test_the_hash_of_a_call_is_personal_for_it_may_hash_an_address() -> None:
    seen = observe_one(call("page", messageId=None, context={"ip": "203.0.113.5"}))
    assert (seen.personal, seen.former_id) == (("id",), seen.id)


@pytest.mark.parametrize("message_id", ["undefined", "null", "0", "[object Object]"])
def test_a_message_id_that_names_nothing_is_none(message_id: str) -> None:
    pages = [call("page", messageId=message_id, properties={"url": f"/{page}"}) for page in "ab"]
    first, second = observe(pages)
    assert isinstance(first, Observation)
    assert isinstance(second, Observation)
    assert first.id != second.id


def test_a_message_id_of_a_mail_is_personal() -> None:
    clicked = call("track", event="Email Opened", properties={"email_id": "<17@mail.acme.example>"})
    assert observe_one(clicked).personal == ("message",)


@pytest.mark.parametrize(
    ("body", "code", "why"),
    [
        (
            call("nonsense"),
            "unknown_type",
            "type 'nonsense': expected one of alias, group, identify, page, screen, track",
        ),
        ({"userId": "u1"}, "unknown_type", "type missing, fields ['userId']"),
        ({"schema": "iglu:com.snowplow", "data": []}, "unknown_type", "a Snowplow payload"),
        (call("track"), "missing_field", "event missing or empty"),
        (call("group"), "missing_field", "groupId missing or empty"),
        (call("alias", userId="u1"), "missing_field", "previousId or userId missing"),
        (call("page", anonymousId=None), "missing_field", "no userId, anonymousId, e-mail"),
        (call("page", timestamp="2026-01-05 09:00"), "no_zone", "timestamp '2026-01-05 09:00' has no time zone"),
        (
            call("page", timestamp="2015-2-02T00:30:08.276Z"),
            "bad_time",
            "timestamp '2015-2-02T00:30:08.276Z' is not a time",
        ),
        (call("page", timestamp=17), "bad_time", "timestamp 17 is not a text"),
        (call("page", messageId="m" * 201), "too_large", "messageId has 201 characters"),
        (17, "bad_json", "a call is an object with type, userId or anonymousId, not int"),
    ],
)
def test_a_bad_call_is_rejected_and_the_others_are_read(body: Any, code: str, why: str) -> None:
    before, bad, after = observe([call("page"), body, call("page")])
    assert isinstance(bad, Rejected)
    assert (bad.where, bad.code, bad.why[: len(why)]) == ("body#2", code, why)
    assert [item.where for item in (before, after)] == ["body#1", "body#3"]


@pytest.mark.parametrize("depth", [10, 900, 960, 970, 980, 990, 1_000, 100_000])
def test_deep_nesting_is_rejected(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    deep = f'{{"type":"page","userId":"u","timestamp":"{NINE_OCLOCK}","properties":{{"a":{nested}}}}}'
    items = list(segment.parse_body(deep.encode(), where="body", options=READING))
    assert [item.code for item in items if isinstance(item, Rejected)] in ([], ["bad_json"])


def test_an_identify_call_without_identity_is_filtered() -> None:
    why = "an identify call without userId or e-mail address"
    assert observe(call("identify", traits={"plan": "free"})) == [Filtered("body", why)]


def test_every_sample_of_the_specification_is_accounted_for() -> None:
    undated = CallOptions("segment", default_time=parse_time(NINE_OCLOCK))
    items: list[Item] = []
    with (real_data() / "segment_spec_samples" / "segment_spec_events.jsonl").open() as samples:
        for sample in map(json.loads, samples):
            items += segment.parse_body(json.dumps(sample["payload"]).encode(), where=sample["file"], options=undated)
    assert len(items) == 86
    views = [item for item in items if isinstance(item, Observation)]
    assert Counter(item.code for item in items if isinstance(item, Rejected)) == {"bad_time": 2, "missing_field": 3}
    assert Counter(view.type.partition(".")[0] for view in views) == {
        "custom": 56,
        "contact": 8,
        "email": 6,
        "web": 4,
        "product": 4,
        "account": 3,
    }
    assert all(check_fact(view.type, view.data) is view.data for view in views)


def test_every_request_of_the_kits_is_accounted_for() -> None:
    text = (real_data() / "sdk_wire_captures" / "requests.log").read_text()
    requests = [part.split("\n", 2) for part in text.split("### ")[1:]]
    assert len(requests) == 16
    items = [
        item
        for route, _, body in requests
        for item in segment.parse_body(body.strip().encode(), where=route, options=READING)
    ]
    assert [(item.where, item.code) for item in items if isinstance(item, Rejected)] == [
        ("POST /com.snowplowanalytics.snowplow/tp2", "unknown_type"),
        ("GET /v1/projects/WKEY/settings", "bad_json"),
        ("GET /v1/projects/WKEY/settings", "bad_json"),
    ]
    assert Counter(item.type for item in items if isinstance(item, Observation)) == {
        "web.form_submitted.v1": 7,
        "account.updated.v1": 5,
        "contact.identified.v1": 5,
        "web.page_viewed.v1": 3,
    }
    assert len({item.id for item in items if isinstance(item, Observation)}) == 20
