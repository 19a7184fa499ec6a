"""The recorder: the recorded facts and their data, and rejections."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from intake.recorder.drafts import Duplicate, Recorded
from intake.sources import read_sources
from tests.intake.recorder.fakes import NOW, RecorderWorld, new_observation

ADJUSTED = {"track": "acquisition", "points": 5, "author": "kim", "reason": "met at a fair"}


def test_a_fact_is_recorded_under_its_account_with_the_rule_that_found_it(intake: RecorderWorld) -> None:
    observation = new_observation(
        "m1", "email.replied.v1", source="mbox/sales", email="Pat@EU.acme.com", data={"message": "<a@b>"}
    )

    outcomes = intake.record(observation)

    pat = intake.contact("pat@eu.acme.com")
    assert outcomes == [Recorded("acme.com", pat, 0, 0)]
    assert intake.log.facts() == [
        {
            "specversion": "1.0",
            "id": "m1",
            "source": "mbox/sales",
            "type": "email.replied.v1",
            "subject": "acme.com",
            "time": "2026-01-05T07:30:00.000Z",
            "recordedtime": "2026-01-05T08:00:00.000Z",
            "contact": pat,
            "domain": "eu.acme.com",
            "attribution": "email_domain",
            "confidence": 100,
            "data": {"message": intake.vault.keyed_id("<a@b>")},
        }
    ]
    record = intake.log.records[0]
    assert (record.key, record.id) == ("acme.com", "mbox/sales\nm1")
    assert record.headers == (("content-type", b"application/cloudevents+json"),)


def test_a_fact_recorded_before_is_a_duplicate(intake: RecorderWorld) -> None:
    first, again = intake.record(new_observation(account="acme.com"), new_observation(account="acme.com"))
    assert (first, again) == (Recorded("acme.com", None, 0, 0), Duplicate("acme.com", None, 0, 0))
    assert intake.new_recorder().record([new_observation(account="acme.com")]) == [Duplicate("acme.com", None, 0, 0)]


def test_no_personal_data_reaches_the_log(intake: RecorderWorld) -> None:
    content = {
        "url": "https://pat:secret@x.example/a/pat@acme.com?token=1&plan=a&utm_source=news&email=pat@acme.com#pat",
        "title": "Mail of pat@acme.com",
        "referrer": "https://x.example/?q=a%40acme.com",
        "duration_s": 12,
        "email": "pat@acme.com",
        "ip": "203.0.113.7",
        "first_name": "Pat",
        "anything": "else",
    }
    intake.record(new_observation("1", email="pat@acme.com", name="Pat Lee", ip="203.0.113.7", data=content))
    assert intake.log.facts()[0]["data"] == {
        "url": "https://x.example/a/[address]?utm_source=news",
        "referrer": "https://x.example/",
        "duration_s": 12,
    }
    assert not any(text in intake.log.records[0].value for text in (b"pat@", b"Pat", b"203.0"))


def test_what_is_left_out_is_told_with_the_outcome(intake: RecorderWorld) -> None:
    observation = new_observation(account="a.com", data={"url": "/a?plan=b", "title": "A"})
    left_out = ("query.plan", "title")
    first, again = intake.record(observation, observation)
    assert (first, again) == (Recorded("a.com", None, 0, 0, left_out), Duplicate("a.com", None, 0, 0))


def test_a_source_keeps_what_its_settings_allow(vault_engine: Engine) -> None:
    sources = read_sources("app/web: {keep: {properties: [plan]}}\nshop: {keep: {titles: true}}", "sources.yaml")
    intake = RecorderWorld(vault_engine, sources=sources)
    content = {"name": "Upgraded", "properties": {"plan": "team", "note": "hello", "email": "a@b.com"}}
    view = {"url": "/a?b=c", "title": "Prices"}
    intake.record(
        new_observation("1", "custom.tracked.v1", source="app/web", account="a.com", data=content),
        new_observation("2", "custom.tracked.v1", source="app", account="a.com", data=content),
        new_observation("3", source="shop/eu", account="a.com", data=view),
        new_observation("4", source="web", account="a.com", data=view),
    )
    assert [fact["data"] for fact in intake.log.facts()] == [
        {"name": "Upgraded", "properties": {"plan": "team"}},
        {"name": "Upgraded", "properties": {}},
        {"url": "/a", "title": "Prices"},
        {"url": "/a"},
    ]


def test_attendees_are_counted_or_pseudonyms(intake: RecorderWorld) -> None:
    held = {"type": "meeting.held.v1", "account": "acme.com"}
    intake.record(
        new_observation("1", **held, data={"attendees": ["pat@acme.com", "lee@acme.com"]}),
        new_observation("2", **held, data={"attendees": ["c_a", "c_b", "c_c"]}),
    )
    assert [fact["data"]["attendees"] for fact in intake.log.facts()] == [2, ["c_a", "c_b", "c_c"]]


def test_a_trusted_fact_is_unchanged(intake: RecorderWorld) -> None:
    trusted = {
        "account": "acme.com",
        "contact": "c_a",
        "trusted": True,
        "recorded_at": 1_000_000,
        "time": 900_000,
        "attribution": "network",
        "confidence": 40,
        "domain": "eu.acme.com",
        "origin": "f0",
        "moves": "m1 m2",
        "data": {"url": "/a?b=c", "own": "pat@acme.com"},
    }
    intake.record(new_observation("1", **trusted))
    assert intake.log.facts() == [
        {
            "specversion": "1.0",
            "id": "1",
            "source": "web",
            "type": "web.page_viewed.v1",
            "subject": "acme.com",
            "time": "1970-01-01T00:15:00.000Z",
            "recordedtime": "1970-01-01T00:16:40.000Z",
            "contact": "c_a",
            "domain": "eu.acme.com",
            "attribution": "network",
            "confidence": 40,
            "origin": "f0",
            "moves": "m1 m2",
            "data": {"url": "/a?b=c", "own": "pat@acme.com"},
        }
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"type": "web.page_seen.v1"}, "unknown_type", "type"),
        ({"type": "web.page_viewed.v9"}, "unknown_version", "type"),
        ({"type": "web.page_viewed"}, "unknown_version", "type"),
        ({"type": "model.activated.v1"}, "control_fact", "type"),
        ({"type": "review.due.v1"}, "control_fact", "type"),
        ({"type": "account.merged.v1"}, "not_yet", "type"),
        ({"type": "engagement.retracted.v1"}, "not_yet", "type"),
        ({"time": NOW + 300_001}, "future_time", "time"),
        ({"time": -1}, "bad_time", "time"),
        ({"time": 10**15}, "bad_time", "time"),
        ({"recorded_at": NOW + 10**9}, "bad_time", "recordedtime"),
        ({"id": ""}, "empty", "id"),
        ({"id": "x" * 1_000_000}, "too_long", "id"),
        ({"source": "a\nb"}, "bad_text", "source"),
        ({"account": " "}, "empty", "subject"),
        ({"account": "x" * 1_000_000}, "too_long", "subject"),
        ({"account": "a/b"}, "bad_account", "subject"),
        ({"account": "merge"}, "bad_account", "subject"),
        ({"account": "~model"}, "bad_account", "subject"),
        ({"account": "anon:me"}, "bad_account", "subject"),
        ({"contact": "pat"}, "bad_contact", "contact"),
        ({"email": ""}, "empty", "email"),
        ({"email": "pat at acme"}, "bad_email", "email"),
        ({"visitor": ""}, "empty", "visitor"),
        ({"person": "u\0"}, "bad_text", "person"),
        ({"data": {"url": "x" * 1_000_000}}, "too_long", "url"),
        ({"data": {"url": "\ud800"}}, "bad_text", "url"),
        ({"data": {"url": 7}}, "bad_field", "url"),
        ({"type": "custom.tracked.v1", "data": {}}, "bad_field", "name"),
        ({"type": "contact.identified.v1", "data": {"to": "t" * 1_001}}, "bad_account", "data.to"),
        ({"type": "contact.identified.v1", "data": {"to": "a/b"}}, "bad_account", "data.to"),
        ({"type": "account.domain_claimed.v1", "data": {"domain": "pat@beta.com"}}, "bad_domain", "data.domain"),
        ({"type": "account.updated.v1", "data": {"domains": ["pat@beta.com"]}}, "bad_domain", "data.domains"),
        ({"type": "contact.identified.v1", "data": {"contact": "c" * 1_001}}, "bad_contact", "data.contact"),
        ({"type": "contact.identified.v1", "data": {"visitor": "pat@acme.com"}}, "bad_contact", "data.visitor"),
        ({"type": "account.registered.v1", "data": {"parent": "p" * 501}}, "bad_account", "data.parent"),
        ({"type": "account.updated.v1", "data": {"domains": ["a.com", "d" * 254]}}, "bad_domain", "data.domains"),
        ({"type": "account.domain_claimed.v1", "data": {"domain": "a\n.com"}}, "bad_domain", "data.domain"),
        ({"account": None}, "no_account", "subject"),
    ],
)
def test_an_invalid_field_is_rejected_and_the_other_observations_are_recorded(
    intake: RecorderWorld, fields: dict[str, Any], code: str, field: str
) -> None:
    bad = new_observation(**{"id": "bad", "account": "acme.com", "where": "file:7"} | fields)
    first, refused, last = intake.record(
        new_observation("1", account="a.com"), bad, new_observation("2", account="a.com")
    )
    assert (refused.where, refused.code) == ("file:7", code)
    assert field in refused.why
    assert len(refused.why) < 300
    assert (first, last) == (Recorded("a.com", None, 0, 0), Recorded("a.com", None, 0, 1))


@pytest.mark.parametrize("source", ["staffel/commands", "staffel/new", "Staffel/Commands", " staffel/x"])
def test_staffels_own_sources_are_refused_from_outside(intake: RecorderWorld, source: str) -> None:
    decision = new_observation("1", "score.adjusted.v1", account="acme.com", source=source, data=ADJUSTED)
    [outcome] = intake.recorder.record([decision])
    assert (outcome.code, intake.log.records) == ("reserved_source", [])


def test_staffel_itself_uses_its_own_sources(intake: RecorderWorld) -> None:
    decision = new_observation("1", "score.adjusted.v1", account="acme.com", source="staffel/commands", data=ADJUSTED)
    assert intake.recorder.record([decision], own=True) == [Recorded("acme.com", None, 0, 0)]


def test_a_time_five_minutes_ahead_is_accepted(intake: RecorderWorld) -> None:
    assert intake.record(new_observation(account="a.com", time=NOW + 300_000)) == [Recorded("a.com", None, 0, 0)]


def test_every_code_is_explained_in_the_documentation() -> None:
    root = Path(__file__).parents[3]
    modules = ["validation", "batch", "registration", "recorder", "networks"]
    texts = [(root / "intake" / "recorder" / f"{name}.py").read_text() for name in modules] + [
        (root / "schemas" / "facts" / "validation.py").read_text()
    ]
    code = re.compile(
        r'(?:return |Rejected\([^"()]*(?:\([^)]*\))?[^"()]*|FactProblem\([^,]*, )\(?"([a-z]+_[a-z_]+|empty)", '
    )
    codes = {found for text in texts for found in code.findall(text)}
    explained = (root / "docs" / "intake.md").read_text()
    assert len(codes) >= 20
    assert {found for found in codes if f"`{found}`" not in explained} == set()
