"""Mails that anybody can send stop no import: each is read in proportion to its size, or rejected with its place."""

from pathlib import Path

import pytest

from benchmarks.hostile_mails import KINDS, hostile_mails
from benchmarks.mailboxes import growth_factor
from intake.budgets import Budgets
from intake.mail import read
from intake.observation import Filtered, Observation, Rejected
from tests.intake.mail.mailbox_builders import OUR_DOMAINS, OUR_MAIL, REPLY, mail, write_mailbox

QUADRATIC = 100
MOST_GROWTH = 25


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_ten_times_the_size_costs_nowhere_near_a_hundred_times_as_much(kind: str) -> None:
    assert growth_factor(kind, runs=3) < MOST_GROWTH < QUADRATIC


def test_every_mail_yields_an_item_and_the_last_reply_is_read(tmp_path: Path) -> None:
    hostile = list(hostile_mails(seed=3, count=len(KINDS), size=4_000))
    *items, last = read(write_mailbox(tmp_path, *hostile, mail(OUR_MAIL), mail(REPLY)), OUR_DOMAINS)
    assert isinstance(last, Observation)
    assert last.id == "answer-1@pharma.example"
    assert len(items) > len(hostile)
    assert all(isinstance(item, Observation | Filtered | Rejected) for item in items)


def test_the_same_seed_gives_the_same_mails() -> None:
    assert list(hostile_mails(5, 40)) == list(hostile_mails(5, 40)) != list(hostile_mails(6, 40))


PART = "--cut\nContent-Type: text/plain\n\nx\n"


@pytest.mark.parametrize(
    ("headers", "body", "code", "why"),
    [
        ({"x_filler": "x" * 700}, "", "too_large", "the headers of the mail exceed 600 bytes"),
        ({"content_type": "multipart/mixed; boundary=cut"}, PART * 9, "too_complex", "the mail has more than 8 parts"),
        (
            {"content_type": "multipart/mixed; boundary=a"},
            "--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n",
            "too_complex",
            "the parts of the mail are nested deeper than 2",
        ),
    ],
)
def test_beyond_a_budget_a_mail_is_rejected_and_its_neighbours_are_read(
    tmp_path: Path, headers: dict[str, str], body: str, code: str, why: str
) -> None:
    box = write_mailbox(tmp_path, mail(OUR_MAIL), mail(REPLY, body, **headers), mail(REPLY))
    _, rejected, reply = read(box, OUR_DOMAINS, budgets=Budgets(header_bytes=600, mail_parts=8, mail_nesting=2))
    assert rejected == Rejected("inbox.mbox:10", code, why)
    assert isinstance(reply, Observation)


def test_a_reply_whose_references_were_cut_still_answers_the_newest(tmp_path: Path) -> None:
    references = "\n ".join([*(f"<{number}@lab.example>" for number in range(900)), "<offer-1@mail.test>"])
    reply = mail(REPLY, in_reply_to=None, references=references)
    [_, item] = read(write_mailbox(tmp_path, mail(OUR_MAIL), reply), OUR_DOMAINS)
    assert isinstance(item, Observation)
    assert item.data["message"] == "offer-1@mail.test"


@pytest.mark.parametrize("name", ["ada@pharma.example <x", "<" * 5_000, "=?q?" * 2_000, '"' * 5_001])
def test_no_rejection_shows_what_the_mail_says(tmp_path: Path, name: str) -> None:
    nameless = mail(REPLY, **{"from": name, "date": "ada@pharma.example"}, envelope="From - Tue Jan 99 99:99:99 2024")
    for item in read(write_mailbox(tmp_path, nameless), OUR_DOMAINS):
        assert not (isinstance(item, Rejected) and "pharma" in item.where + item.why)
