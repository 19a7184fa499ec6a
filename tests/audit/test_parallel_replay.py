"""A replay in several processes gives the same result as in one."""

from dataclasses import replace
from pathlib import Path

import pytest

from audit.parallel_replay import ReplayJob, ReplayWorkerLost, replay_in_parallel
from scoring.model.loading import load_model
from scoring.plan.compiler import compile_model
from tests.audit.test_replay import log_with_facts
from tests.scoring.fold_runner import Json
from tests.scoring.vectors import vector_named
from tests.scoring.world_strategies import World

VECTOR_NAMES = [f"{name}.example" for name in "abcdefgh"]


@pytest.fixture(name="order")
def some_log(tmp_path: Path) -> ReplayJob:
    """Eight accounts in four partitions."""
    vector = vector_named("20-when")
    facts: list[Json] = [{**each, "subject": name} for name in VECTOR_NAMES for each in vector.facts]
    facts = [{**each, "id": f"{number}"} for number, each in enumerate(facts)]
    log_with_facts(tmp_path, World(vector.model, facts), 4).close()
    return ReplayJob(f"sqlite:///{tmp_path / 'staffel.db'}", 4)


def test_several_processes_give_the_result_of_one(order: ReplayJob) -> None:
    alone = replay_in_parallel(order)
    assert [row["account"] for row in alone["accounts"]] == VECTOR_NAMES
    assert replay_in_parallel(order, processes=3) == alone


def test_another_model_and_a_part_of_the_log_reach_the_processes(order: ReplayJob) -> None:
    model = load_model((Path(__file__).parents[2] / "scoring/models/default.yaml").read_text(), "default")
    other = replace(order, model=model, version=compile_model(model, "other-0-000000000000").version, since=0)
    result = replay_in_parallel(other, processes=2)
    assert (result["model"], result) == ("other-0-000000000000", replay_in_parallel(other))


def test_a_process_that_dies_raises(order: ReplayJob, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ReplayWorkerLost):
        replay_in_parallel(replace(order, address="sqlite:////nowhere/at/all.db"), processes=2)
    assert "log_meta" in capfd.readouterr().err
