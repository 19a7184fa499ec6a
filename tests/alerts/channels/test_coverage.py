"""Handoffs that nobody hears of, and channels that no alert reaches."""

import pytest

from alerts.channels.coverage import coverage_problems
from scoring.model.loading import ScoringModel, load_model
from tests.alerts.builders import settings

TRACK = """
model: routes
timezone: UTC
tracks:
  acquisition:
    rules: [{id: demo, on: web.form_submitted, points: 60, act_now: true}]
    stages: [{name: sqa, enter: 50, leave: 20, handoff: true}]
"""
ROUTES = (
    TRACK
    + """
handoff:
  service_level: {accept_within: 4 hours}
  routes: [{when: {segment: {equals: enterprise}}, to: account_executive}, {to: sdr}]
"""
)
OWNERS = ("anna", "bert")


def model(text: str = ROUTES) -> ScoringModel:
    return load_model(text, "model.yaml")


def problems(*channels: str, of: str = ROUTES, owners: tuple[str, ...] = OWNERS) -> list[str]:
    return coverage_problems(settings(*channels), model(of), owners)


@pytest.mark.parametrize(
    "channels",
    [
        ("all",),
        ("sdr, routes: [sdr]", "ae, routes: [account_executive]"),
        ("all", "pager, kinds: [act_now, handoff_proposed]", "late, kinds: [service_level_passed]"),
        ("all", "anna, owners: [ANNA]"),
        ("all, fallback: mail", "mail, kinds: [escalation]"),
    ],
)
def test_where_everybody_is_served_there_is_no_problem(channels: tuple[str, ...]) -> None:
    assert problems(*channels) == []


def test_a_mistyped_route_is_found_with_what_may_be_meant() -> None:
    assert problems("chat, routes: [sdrr, account_executive]") == [
        "chat: the model has no route sdrr (did you mean 'sdr'?)",
        "nobody hears of handoffs to sdr",
    ]


def test_a_channel_that_nothing_reaches_is_found() -> None:
    assert problems("all", "chat, routes: [board]", "steps, kinds: [escalation]") == [
        "chat: the model has no route board",
        "chat: no alert reaches this channel",
        "steps: no alert reaches this channel",
    ]


def test_routes_that_only_urgent_handoffs_of_are_heard_are_found() -> None:
    assert problems("sdr, routes: [sdr]", "pager, kinds: [act_now]") == [
        "nobody hears of handoffs to account_executive that are not urgent"
    ]


def test_owners_that_no_channel_serves_are_found() -> None:
    assert problems("anna, owners: [anna]") == [
        "nobody hears of handoffs to account_executive of accounts of bert or without an owner",
        "nobody hears of handoffs to sdr of accounts of bert or without an owner",
    ]


def test_an_owner_of_no_account_is_found_with_who_may_be_meant() -> None:
    assert problems("all", "anna, owners: [ana]") == [
        "anna: no account has the owner ana (did you mean 'anna'?)",
        "anna: no alert reaches this channel",
    ]


def test_routes_of_steps_count() -> None:
    steps = ROUTES.replace("4 hours}", "4 hours, steps: [{at: 100 %, to: heads}]}")

    assert problems("sdr, routes: [sdr, account_executive]", of=steps) == ["nobody hears of handoffs to heads"]
    assert problems("sdr, routes: [sdr, account_executive]", "heads, routes: [heads]", of=steps) == []


def test_handoffs_without_a_route_are_heard_by_channels_for_all_routes() -> None:
    assert problems("sdr, routes: [sdr]", of=TRACK) == [
        "sdr: the model has no route sdr",
        "sdr: no alert reaches this channel",
        "nobody hears of handoffs without a route",
    ]
    assert problems("all", of=TRACK) == []
