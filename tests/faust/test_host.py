"""A worker on a real broker: facts in, scores out, as one straight fold has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.worlds import facts
from tests.faust.workers import Bench, topics
from tests.requirements import kafka_server


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with topics(kafka_server(), tmp_path, partitions=2) as made:
        yield made


def test_facts_go_in_and_scores_come_out_as_a_straight_fold_has_them(bench: Bench) -> None:
    bench.record(facts(3_000, 50))
    worker = bench.worker().at_work()
    bench.scored()
    assert bench.differences() == []
    assert worker.stop() == 0
