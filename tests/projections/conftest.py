"""Every test of the projections runs on both databases."""

import pytest
from sqlalchemy import Engine

from tests.projections.world import World


@pytest.fixture
def world(database: Engine) -> World:
    return World(database)
