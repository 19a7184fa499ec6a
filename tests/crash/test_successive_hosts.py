"""Processes that host in turn, and readers beside a writer: none blocks the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from projections.lag import read_lag
from staffel.application import Application
from staffel.connect import create_home
from staffel.ingestion import ingest_and_wait
from staffel.settings import Settings
from tests.crash import homes
from tests.crash.crash_cases import page_views, registrations, replies


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return homes.migrated_home(tmp_path)


@pytest.fixture
def one(home: Settings) -> Iterator[Application]:
    staffel = create_home(home)
    yield staffel
    staffel.close()


@pytest.fixture
def other(home: Settings) -> Iterator[Application]:
    staffel = create_home(home)
    yield staffel
    staffel.close()


def test_a_host_continues_where_another_one_stopped(one: Application, other: Application) -> None:
    for staffel, observations in ((one, registrations()), (other, page_views()), (one, replies())):
        assert ingest_and_wait(staffel, observations, int).rejected == []
    assert read_lag(one.engine, one.log, one.clock()).is_idle


def test_a_command_finishes_what_a_killed_host_left(one: Application, other: Application) -> None:
    one.recorder.record([*registrations(), *replies()])
    scorer, projector, *_ = one.steps()
    assert (scorer.advance() > 0, projector.advance() > 0) == (True, True)
    assert not read_lag(one.engine, one.log, one.clock()).is_idle

    other.wait_until_visible()

    assert read_lag(one.engine, one.log, one.clock()).is_idle


def test_readers_do_not_wait_for_a_writer(one: Application, home: Settings) -> None:
    with one.engine.begin() as writing:
        writing.execute(text("UPDATE log_meta SET partitions = partitions"))
        impatient = homes.settings(f"{home.database_url}?timeout={homes.LOCK_TIMEOUT_S}")
        asking = create_home(impatient)
        assert asking.plan.version == one.plan.version
        asking.close()
