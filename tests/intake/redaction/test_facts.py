"""Data of facts: declared fields are kept by their rule, titles, subjects and the like only where they are allowed."""

from typing import Any

import pytest

from intake.recorder.redaction import Redacted, redacted
from intake.sources import Keep, SourceSettings


def kept(type_: str, content: dict[str, Any], **keep: Any) -> Redacted:
    return redacted(type_, content, SourceSettings(keep=Keep(**keep)), "segment/website")


@pytest.mark.parametrize(
    ("type_", "field", "permission"),
    [
        ("web.page_viewed.v1", "title", "titles"),
        ("web.content_downloaded.v1", "title", "titles"),
        ("meeting.held.v1", "title", "titles"),
        ("email.replied.v1", "subject", "subjects"),
        ("email.unsubscribed.v1", "subject", "subjects"),
        ("web.searched.v1", "query", "searches"),
        ("product.canceled.v1", "reason", "reasons"),
        ("nps.answered.v2", "comment", "comments"),
    ],
)
def test_free_text_is_left_out_unless_it_is_allowed(type_: str, field: str, permission: str) -> None:
    content = {field: "Krankmeldung von Zzanna, pat@acme.com"}

    assert kept(type_, content) == Redacted({}, (field,))
    assert kept(type_, content, **{permission: True}) == Redacted({field: "Krankmeldung von Zzanna, [address]"}, ())


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("web.form_submitted.v1", {"form": "demo", "url": "/demo"}),
        ("web.form_submitted.v1", {"form": "6f1a2b3c-1111-2222-3333-444455556666"}),
        ("web.page_viewed.v1", {"url": "/", "duration_s": 12, "bot": True}),
        ("meeting.held.v1", {"meeting": "a/2026", "starts_at": "2026-01-05T09:12:00+01:00", "minutes": "30"}),
        ("email.opened.v1", {"campaign": "2026-01", "message": "<a@b>", "machine": False}),
        ("event.attended.v1", {"event": "Analytica 2026", "kind": "trade_fair"}),
        ("opportunity.lost.v1", {"opportunity": "1", "stage": "Lost", "amount": 1.5, "reason": "Price too high"}),
        ("product.used.v1", {"feature": "lumatrace_trial", "count": 3}),
        ("account.registered.v1", {"name": "3M", "domains": ["3m.com"], "employees": "201-500", "owner": "a@us.com"}),
        ("account.updated.v1", {"industry": None}),
        ("contact.suppressed.v1", {"by": "hubspot", "reason": "opted out"}),
    ],
)
def test_what_rules_read_is_kept(type_: str, content: dict[str, Any]) -> None:
    assert kept(type_, content) == Redacted(content, ())


@pytest.mark.parametrize(
    ("type_", "content", "left_out"),
    [
        ("web.page_viewed.v1", {"duration_s": "long, says Pat"}, ("duration_s",)),
        ("meeting.held.v1", {"starts_at": "after Pat's lunch"}, ("starts_at",)),
        ("opportunity.lost.v1", {"reason": "x" * 61}, ("reason",)),
        ("email.bounced.v1", {"reason": "mailbox of Pat Lee is gone"}, ("reason",)),
        ("web.page_viewed.v1", {"email": "a", "Pat Lee <pat@acme.com>": 1}, ("email", "…")),
        ("contact.identified.v1", {"visitor": "v_a", "contact": "c_a", "to": "b"}, ("visitor", "contact", "to")),
    ],
)
def test_other_text_is_left_out(type_: str, content: dict[str, Any], left_out: tuple[str, ...]) -> None:
    assert kept(type_, content) == Redacted({}, left_out)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("550 5.1.1 <pat@acme.com>: user unknown", "5.1.1"),
        ("smtp; 452 mailbox full", "452"),
        ("hard", "hard"),
        ("Mailbox Full", "Mailbox Full"),
    ],
)
def test_of_what_a_mail_server_said_the_status_code_is_kept(said: str, code: str) -> None:
    assert kept("email.bounced.v1", {"reason": said}) == Redacted({"reason": code}, ())


def test_the_name_of_a_form_is_kept_without_persons_and_not_at_any_length() -> None:
    assert kept("web.form_submitted.v1", {"form": "for pat@acme.com at 203.0.113.7"}).content == {
        "form": "for [address] at [ip]"
    }
    assert kept("web.form_submitted.v1", {"form": "long " * 100}).content == {"form": ("long " * 100)[:200]}


def test_of_properties_only_those_allowed_by_name_are_kept() -> None:
    properties = {
        "Plan-Name": "team",
        "seats": 5,
        "cart": {"total": 9.5, "vorname": "Zzanna", "items": [{"sku": "a", "note": "b"}, {"note": "c"}]},
        "phoneNumber": "+49 555 0147",
        "iban": "DE00",
        "note": "pat",
        "comment": "from pat@acme.com, 203.0.113.7",
    }
    allowed = ("plan_name", "seats", "cart.total", "cart.items.sku", "comment")

    assert kept("custom.tracked.v1", {"name": "Upgraded", "properties": properties}, properties=allowed) == Redacted(
        {
            "name": "Upgraded",
            "properties": {
                "Plan-Name": "team",
                "seats": 5,
                "cart": {"total": 9.5, "items": [{"sku": "a"}, {}]},
                "comment": "from [address], [ip]",
            },
        },
        (
            *("properties.vorname", "properties.note", "properties.note"),
            *("properties.phoneNumber", "properties.iban", "properties.note"),
        ),
    )


def test_properties_nested_without_end_are_left_out() -> None:
    nested: Any = "a"
    for _ in range(10_000):
        nested = [nested]
    content = {"name": "A", "properties": {"plan": nested}}
    assert kept("custom.tracked.v1", content, properties=("plan",)).left_out == ("properties.plan",)


def test_what_our_own_people_say_by_command_is_kept() -> None:
    content = {"handoff": "a/b/1", "by": "kim", "reason": "Budget frozen, says their head of production " * 3}

    assert redacted("handoff.rejected.v1", content, source="staffel/commands") == Redacted(content, ())
