"""Notifications wake a receiver when a transaction that wrote something for it commits."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from database.errors import DatabaseUnavailable
from database.notifications import MOVES, OUTBOX, PROJECTED, Notifications, notify
from schemas.scores import Changes
from tests import databases, postgres
from tests.projections.builders import account_scored, anonymous_scored, handoff_opened, visitor_release
from tests.projections.world import World
from tests.requirements import postgres_url

LONG_S, SHORT_S = 30.0, 0.05


@pytest.fixture
def engine() -> Iterator[Engine]:
    """PostgreSQL, without tables."""
    opened = open_database(postgres_url())
    yield opened
    opened.dispose()


@pytest.fixture
def notices(engine: Engine) -> Iterator[Notifications]:
    """Heard so far: nothing."""
    listening = Notifications(engine, [PROJECTED, OUTBOX])
    assert listening.wait(0)
    yield listening
    listening.close()


def notify_channel(engine: Engine, channel: str) -> None:
    with engine.begin() as connection:
        notify(connection, channel, "0")


def test_the_first_wait_answers_at_once_as_nothing_was_heard_before(engine: Engine) -> None:
    listening = Notifications(engine, [OUTBOX])

    assert (listening.wait(LONG_S), listening.wait(SHORT_S)) == (True, False)
    listening.close()


def test_a_notice_ends_the_wait(engine: Engine, notices: Notifications) -> None:
    begun, sender = monotonic(), Thread(target=notify_channel, args=(engine, OUTBOX))
    sender.start()

    assert notices.wait(LONG_S)
    assert monotonic() - begun < LONG_S
    sender.join()


def test_notifications_of_another_channel_are_not_received(engine: Engine, notices: Notifications) -> None:
    notify_channel(engine, MOVES)

    assert not notices.wait(SHORT_S)


def test_a_transaction_that_is_rolled_back_notifies_nobody(engine: Engine, notices: Notifications) -> None:
    with engine.connect() as connection:
        notify(connection, OUTBOX)
        connection.rollback()

    assert not notices.wait(SHORT_S)


def test_several_notices_wake_at_least_once_and_then_no_more(engine: Engine, notices: Notifications) -> None:
    for _ in range(5):
        notify_channel(engine, PROJECTED)
    woken = 0
    while notices.wait(SHORT_S):
        woken += 1

    assert 1 <= woken <= 5


def test_a_server_that_goes_and_comes_back_is_listened_to_again() -> None:
    server = postgres.Server(["listen_addresses="])
    engine = open_database(postgres.fresh_database(server=server.address))
    listening = Notifications(engine, [OUTBOX])
    assert listening.wait(0)

    server.crash()
    assert listening.wait(LONG_S)  # a notification may have been missed
    with pytest.raises(DatabaseUnavailable):
        listening.wait(LONG_S)

    server.start()
    assert (listening.wait(LONG_S), listening.wait(SHORT_S)) == (True, False)
    notify_channel(engine, OUTBOX)
    assert listening.wait(LONG_S)
    listening.close()
    engine.dispose()
    server.stop()


def test_sqlite_has_no_notices_so_one_looks_again_shortly(tmp_path: Path) -> None:
    engine = open_database(databases.migrated_database("sqlite", tmp_path))

    assert Notifications(engine, [OUTBOX]).wait(LONG_S)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    migrated = open_database(databases.migrated_database("postgresql", tmp_path))
    yield World(migrated)
    migrated.dispose()


@pytest.mark.parametrize("channel", [PROJECTED, OUTBOX, MOVES])
def test_a_projector_notifies_of_what_it_wrote(world: World, channel: str) -> None:
    listening = Notifications(world.engine, [channel])
    assert listening.wait(0)

    world.publish_and_project(
        account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])),
        anonymous_scored(seq=1, releases=[visitor_release()]),
    )

    assert listening.wait(LONG_S)
    listening.close()


def test_an_idle_projector_sends_no_notification(world: World) -> None:
    listening = Notifications(world.engine, [OUTBOX, MOVES])
    assert listening.wait(0)

    world.publish_and_project(account_scored())

    assert not listening.wait(SHORT_S)
    listening.close()
