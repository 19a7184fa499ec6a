"""Mailboxes that other programs were reported to read wrongly: bare separators, groups, zones, marks of programs."""

from collections import Counter
from pathlib import Path

from intake.mail import index_threads, read
from intake.observation import Filtered, Item, Observation

CASES = Path(__file__).parents[2] / "samples" / "mail" / "cases"
OURS = frozenset({"ours.example"})
NINE_TWELVE = 1_767_604_320_000
"""2026-01-05T09:12Z."""


def items_of(name: str) -> list[Item]:
    return list(read(CASES / f"{name}.mbox", OURS))


def people(items: list[Item], kind: str) -> list[str | None]:
    return [item.email for item in items if isinstance(item, Observation) and item.type == f"email.{kind}.v1"]


def reasons(items: list[Item]) -> dict[str, int]:
    return dict(Counter(item.why for item in items if isinstance(item, Filtered)))


def test_bare_separators_begin_mails() -> None:
    assert people(items_of("bare-from"), "replied") == ["pat@acme.example", "kim@beta.example"]
    assert len(items_of("bare-from")) == 3


def test_bare_separators_begin_mails_among_dated_ones() -> None:
    assert people(items_of("bare-from-mixed"), "replied") == [
        "pat@acme.example",
        "kim@beta.example",
        "sam@gamma.example",
    ]


def test_mail_programs_ask_to_unsubscribe_in_their_own_words() -> None:
    assert people(items_of("gmail-unsubscribe"), "unsubscribed") == [
        "pat@acme.example",
        "kim@beta.example",
        "sam@gamma.example",
        "lee@delta.example",
    ]


def test_a_mail_in_the_boxes_of_two_colleagues_has_one_id() -> None:
    boxes = [CASES / "two-mailboxes-anna.mbox", CASES / "two-mailboxes-ben.mbox"]
    threads = index_threads(boxes, OURS)
    items = [item for box in boxes for item in read(box, OURS, threads=threads, source="mbox")]
    replies = [(one.source, one.id) for one in items if isinstance(one, Observation)]
    assert replies == [("mbox", "r1@x"), ("mbox", "r1@x")]


def test_automatic_answers_are_known_by_any_mark_but_not_by_their_subject_alone() -> None:
    items = items_of("auto-replies")
    assert people(items, "replied") == ["p8@acme8.example", "p11@acme11.example"]
    assert reasons(items) == {"comes from us": 1, "an automatic answer": 14}


def test_an_address_in_a_display_name_is_not_the_senders() -> None:
    assert people(items_of("address-in-display-name"), "replied") == [
        "pat@acme.example",
        "kim@acme.example",
        "sam@acme.example",
        "john@acme.example",
        "max@acme.example",
    ]


def test_zones_of_all_notations_give_the_same_instant() -> None:
    times = [item.time for item in items_of("odd-date-zones") if isinstance(item, Observation)]
    assert times == [NINE_TWELVE] * 9


def test_a_reaction_is_no_reply() -> None:
    assert reasons(items_of("reactions")) == {"comes from us": 1, "a reaction": 1}


def test_mail_servers_words_name_who_was_not_reached_and_are_never_a_reply() -> None:
    items = items_of("bounces-without-report")
    assert people(items, "bounced") == ["pat@acme.example", "a@acme.example", "b@acme.example", "c@acme.example"]
    assert people(items, "replied") == []


def test_an_answer_to_a_rewritten_message_id_is_counted_by_a_reason_of_its_own() -> None:
    assert reasons(items_of("ses-message-id")) == {"comes from us": 1, "answers a mail that is not here": 1}


def test_the_writer_behind_a_group_replies() -> None:
    replies = [(item.email, item.name) for item in items_of("group-via") if isinstance(item, Observation)]
    assert replies == [("pat@acme.example", "Pat Lee"), ("kim@beta.example", "Kim"), ("sam@gamma.example", "Sam Park")]


def test_labels_tell_spam_and_chats() -> None:
    items = items_of("takeout-labels")
    assert {item.id for item in items if isinstance(item, Observation)} == {"r1@x"}
    assert reasons(items) == {"comes from us": 1, "spam or trash": 1, "a chat": 1}
