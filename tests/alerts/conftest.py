"""What tests of the alerts share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.alerts.receiver import Receiver, running_receiver
from tests.alerts.world import World


@pytest.fixture
def world(database: Engine) -> World:
    """On SQLite and on PostgreSQL."""
    return World(database)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as made:
        yield made
