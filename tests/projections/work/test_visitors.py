"""Visitors without a company are counted, without bots, and it is known what of theirs is kept."""

import json
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine

from projections.work.parking import MAX_PARKED
from projections.work.visitors import (
    ParkedDomain,
    UnidentifiedVisitors,
    WaitingVisitor,
    parked_domains,
    unidentified_visitors,
    waiting_visitors,
)
from schemas.scores import Parked
from tests.projections.builders import HOUR, NOON, anonymous_scored, at, fact, parked_fact, raw_json, visitor_release
from tests.projections.world import World


def parked_with(seq: int, data: Any, **fields: Any) -> Parked:
    whole = fact(f"fact-{seq}", "anon:v_one", at(seq), **fields)
    return Parked(seq=seq, time=at(seq), event=f"fact-{seq}", source="web", fact=raw_json({**whole, "data": data}))


def test_visitors_and_their_facts_are_counted(world: World) -> None:
    one = anonymous_scored(seq=2, parked=[parked_fact(1), parked_fact(2)])
    two = anonymous_scored("anon:v_two", parked=[parked_fact(1, "anon:v_two")])
    world.publish_repeatedly(one, two)
    assert unidentified_visitors(world.engine) == UnidentifiedVisitors(visitors=2, facts=3)


def test_a_visitor_who_was_released_is_not_counted_even_before_the_facts_were_moved(world: World) -> None:
    world.publish_and_project(anonymous_scored(parked=[parked_fact(1)]))
    world.publish_and_project(anonymous_scored(after_seq=1, seq=2, releases=[visitor_release()]))
    assert unidentified_visitors(world.engine) == UnidentifiedVisitors(0, 0)
    assert unidentified_visitors(world.run_reactors().engine) == UnidentifiedVisitors(0, 0)


@pytest.mark.parametrize(
    ("data", "visitors"),
    [({"bot": True}, 0), ({"bot": False}, 1), ({"bot": "yes"}, 1), ({}, 1), ([], 1), (None, 1)],
)
def test_bots_are_not_counted(world: World, data: Any, visitors: int) -> None:
    world.publish_and_project(anonymous_scored(parked=[parked_with(1, data)]))
    assert unidentified_visitors(world.engine).visitors == visitors


def test_of_a_waiting_visitor_it_is_known_how_many_facts_are_kept(world: World) -> None:
    facts = MAX_PARKED + 7
    world.publish_and_project(anonymous_scored(seq=facts, parked=[parked_fact(n) for n in range(1, facts + 1)]))
    assert waiting_visitors(world.engine, ["v_one", "v_two"]) == {"v_one": WaitingVisitor(facts, MAX_PARKED)}


def test_a_visitor_who_was_released_does_not_wait(world: World) -> None:
    world.publish_and_project(anonymous_scored(parked=[parked_fact(1)]))
    world.publish_and_project(anonymous_scored(after_seq=1, seq=2, releases=[visitor_release()], parked=[]))
    forwarded = msgspec.structs.replace(anonymous_scored(after_seq=2, seq=3), forwards_to="acme.com")
    world.publish_and_project(forwarded)
    assert waiting_visitors(world.engine, ["v_one"]) == {}


def test_the_domains_that_parked_facts_show_come_by_visitor(world: World) -> None:
    parked = [
        parked_with(1, {}, domain="acme.com"),
        parked_with(2, {}),
        parked_with(3, {"bot": True}, domain="bot.com"),
        parked_with(4, {}, domain=7),
        parked_with(5, {}, domain="acme.de"),
    ]
    world.publish_and_project(anonymous_scored(seq=5, parked=parked))
    assert list(parked_domains(world.engine)) == [
        ParkedDomain("v_one", "acme.com", NOON + HOUR),
        ParkedDomain("v_one", "acme.de", NOON + 5 * HOUR),
    ]


def test_facts_that_an_earlier_version_parked_are_looked_through(database: Engine) -> None:
    """The migration on rows without the mark."""
    facts = [{"data": {"bot": True}}, {"data": {"url": "/"}}]
    with database.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        operations.drop_index("parked_by_visitor", "parked")
        operations.drop_column("parked", "bot")
        for number, each in enumerate(facts):
            row = {"n": number, "fact": json.dumps(each, separators=(",", ":")).encode()}
            columns = 'account, seq, "time", event, source, fact'
            connection.execute(
                sa.text(
                    f"INSERT INTO parked ({columns}) VALUES ('anon:v_' || CAST(:n AS TEXT), 1, :time, 'e', 's', :fact)"
                ),
                row | {"time": NOON},
            )
        _upgrade(operations)
    assert unidentified_visitors(database) == UnidentifiedVisitors(visitors=1, facts=1)


def _upgrade(operations: Operations) -> None:
    from importlib import import_module

    with Operations.context(operations.migration_context):
        import_module("database.migrations.versions.0012_parked_bots").upgrade()
