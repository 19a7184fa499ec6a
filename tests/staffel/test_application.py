"""What an application asks its log: the model in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.scores import CHECKPOINT_KEY
from schemas.topics import ENGAGEMENT
from staffel.application import Application
from staffel.connect import create_home
from staffel.embedded import Embedded
from staffel.settings import Settings
from streams.activation import activation_content, activation_record
from streams.log import NewRecord, Unit
from streams.scorer.score_records import checkpoint_record
from tests.scoring.vectors import vector_named

OTHER_MODEL = vector_named("10-tracks").model_text


@pytest.fixture
def application(home: Path) -> Iterator[Embedded]:
    connected = create_home(Settings(home=home))
    assert isinstance(connected, Embedded)
    connected.drain()
    yield connected
    connected.close()


def append_activation(application: Application) -> int:
    """Of another model; its offset."""
    record = activation_record(activation_content(OTHER_MODEL, "other.yaml"), 0, 0)
    [appended] = application.log.append(ENGAGEMENT, [record._replace(id="other model")], partition=0)
    return appended.offset


def score_with(application: Embedded, offset: int) -> None:
    """A unit of a scorer that folds with the model activated at an offset."""
    start = application.log.position(0)
    application.log.append_unit(Unit(0, start, offset + 1, [checkpoint_record(offset + 1, offset, None)], []))


def test_the_plan_changes_in_a_process_that_lives_through_an_activation(application: Embedded) -> None:
    first = application.plan
    offset = append_activation(application)
    assert application.plan is first  # the scorer has not reached it

    score_with(application, offset)

    assert (application.plan.version, application.plan.version != first.version) == (
        activation_content(OTHER_MODEL, "other.yaml")["version"],
        True,
    )


def test_the_plan_of_a_log_that_was_never_scored_is_its_first(home: Path) -> None:
    application = create_home(Settings(home=home))
    assert (application.log.latest_in("scores", 0, CHECKPOINT_KEY), application.plan.model.model) == (None, "default")
    application.close()


def test_a_plan_is_compiled_once_while_its_activation_is_in_force(application: Embedded) -> None:
    first = application.plan
    application.log.append(ENGAGEMENT, [NewRecord("acme", b"{}", "damaged")], partition=0)
    application.drain()
    assert application.plan is first
