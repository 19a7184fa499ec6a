"""The receivers of an Apprise address, one by one."""

from itertools import permutations

import pytest

from alerts.channels.receivers import receivers_of

MAIL = "mailto://kim:topsecret@example.com?to="


@pytest.mark.parametrize(
    ("address", "labels"),
    [
        ("json://localhost", [""]),
        ("json://[::1]:8080/hook", [""]),
        (f"{MAIL}anna@example.com", [""]),
        (f"{MAIL}anna@example.com,bert@example.org", ["a…@example.com", "b…@example.org"]),
        ("mailto://kim:topsecret@example.com/anna@example.com/bert@example.org", ["a…@example.com", "b…@example.org"]),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales/#board", ["#b…", "#s…"]),
        ("mmost://chat.example.com/token?channels=sales,board", ["bo…", "sa…"]),
        ("ntfy://localhost/sales/board", ["bo…", "sa…"]),
        ("json://one.example.com, json://two.example.com", ["json", "json"]),
        (f"json://localhost {MAIL}anna@example.com,bert@example.org", ["a…@example.com", "b…@example.org", "json"]),
    ],
)
def test_every_receiver_is_one_of_its_own(address: str, labels: list[str]) -> None:
    receivers = receivers_of(address)

    assert sorted(each.label for each in receivers) == labels
    assert [len(each.service) for each in receivers] == [1] * len(labels)
    assert len({each.key for each in receivers}) == len(labels)


def test_a_receiver_keeps_its_key_wherever_it_stands() -> None:
    names = ["anna@example.com", "bert@example.org", "carl@example.net"]
    keys = [{each.label: each.key for each in receivers_of(MAIL + ",".join(order))} for order in permutations(names)]

    assert keys == [keys[0]] * 6


def test_who_is_named_twice_is_one_receiver() -> None:
    assert len(receivers_of(f"{MAIL}anna@example.com,anna@example.com")) == 1
    assert len(receivers_of("json://one.example.com, json://one.example.com")) == 1


def test_no_key_or_label_holds_a_name_or_a_secret() -> None:
    shown = str([each[:2] for each in receivers_of(f"{MAIL}anna@example.com,bert@example.org")])

    assert not [part for part in ("anna", "bert", "kim", "topsecret") if part in shown]


def test_receivers_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be told apart; write a channel for each of them"):
        receivers_of("rocket://kim:topsecret@chat.example.com/#sales/@anna")
