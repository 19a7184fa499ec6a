"""Clusters on a shared broker and database, with a prefix for each test. A failing test shows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests import databases
from tests.chaos.cluster import Cluster, cluster
from tests.requirements import kafka_server

Start = Callable[..., AbstractContextManager[Cluster]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a cluster on the broker and the PostgreSQL of this session."""

    @contextmanager
    def start_one(**options: int) -> Iterator[Cluster]:
        kafka = f"kafka://{kafka_server()}?prefix=chaos-{uuid4().hex[:8]}."
        with cluster(tmp_path, kafka, databases.migrated_database("postgresql", tmp_path), **options) as started:
            yield started

    return start_one
