"""A replay gives the same as the live scorer: random models and logs, one and four partitions, any batch size."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.replay import digest, fold_account, recomputed_updates, recorded_within, replay
from database.engine import open_database
from schemas.envelope import record_id
from schemas.scores import AccountScored, decode_account_scored
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, SCORES
from streams.activation import activate, initial_plan
from streams.log import NewRecord
from streams.scorer.embedded import Scorer
from streams.sql.log import SqlLog
from tests import databases
from tests.scoring.fold_runner import Json, fact
from tests.scoring.vectors import vector_named
from tests.scoring.world_strategies import World, busy_worlds, worlds

FEW_EXAMPLES = settings(max_examples=12, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY_WORLD = worlds() | busy_worlds()


def log_with_facts(folder: Path, world: World, partitions: int) -> SqlLog:
    """A log in its own database, activated with the world's model, with its facts."""
    log = SqlLog(open_database(databases.migrated_database("sqlite", folder)), partitions)
    activate(log, lambda: (world.model_text, "model.yaml"), lambda: 0)
    for each in world.facts:
        id = record_id(each["source"], each["id"])
        log.append(ENGAGEMENT, [NewRecord(each["subject"], msgspec.json.encode(each), id)])
    return log


@contextmanager
def temporary_log(world: World, partitions: int) -> Iterator[SqlLog]:
    with TemporaryDirectory() as folder:
        log = log_with_facts(Path(folder), world, partitions)
        yield log
        log.close()


def score_all(log: SqlLog, batch: int) -> None:
    """Score every partition to its end with a new scorer per unit, as after a crash."""
    for partition in range(log.partitions(ENGAGEMENT)):
        while Scorer(log, partition, batch).advance():
            continue


def latest_updates(log: SqlLog, accounts: list[str]) -> dict[str, AccountScored]:
    return {id: decode_account_scored(record.value) for id, record in log.latest(SCORES, accounts).items()}


def digests(updates: dict[str, AccountScored]) -> dict[str, str]:
    return {id: scored.digest for id, scored in updates.items()}


@pytest.mark.parametrize("partitions", [1, 4])
@FEW_EXAMPLES
@given(world=ANY_WORLD, batch=st.integers(1, 12))
def test_a_replay_ends_in_the_digests_that_were_recorded(partitions: int, world: World, batch: int) -> None:
    with temporary_log(world, partitions) as log:
        score_all(log, batch)
        replayed = {id: digest(account) for id, account in replay(log).accounts.items()}
        assert replayed == digests(latest_updates(log, world.accounts))


@FEW_EXAMPLES
@given(world=ANY_WORLD, every=st.integers(1, 12))
def test_recomputed_updates_end_in_the_same_digests(world: World, every: int) -> None:
    with temporary_log(world, 1) as log:
        score_all(log, 5)
        again = {each.account: each for each in recomputed_updates(log, 0, every) if isinstance(each, AccountScored)}
        assert digests(again) == digests(latest_updates(log, world.accounts))


@FEW_EXAMPLES
@given(world=ANY_WORLD)
def test_an_account_folded_alone_is_the_same(world: World) -> None:
    with temporary_log(world, 1) as log:
        plan = initial_plan(log)
        alone = {id: fold_account(log, id, plan) for id in world.accounts}
        whole = replay(log).accounts
        assert {id: account and digest(account) for id, account in alone.items()} == {
            id: digest(account) for id, account in whole.items()
        }


def test_a_replay_of_a_span_holds_what_was_recorded_within_it_both_ends_included() -> None:
    facts = [{**fact(f"f{n}", "2026-01-05T09:00:00Z"), "recordedtime": f"2026-01-0{n}T00:00:00Z"} for n in (5, 6, 7)]
    with temporary_log(World(vector_named("01-whole-hours").model, facts), 1) as log:
        sixth = parse_time("2026-01-06T00:00:00Z")
        spans = [recorded_within(until=sixth), recorded_within(since=sixth), recorded_within(sixth, sixth)]
        assert [replay(log, accept=span).facts for span in spans] == [2, 2, 1]


def test_latest_is_the_greatest_time_of_a_fact_that_is_no_control_fact() -> None:
    clicked = {"id": "f1", "time": "2026-01-06T10:00:00Z", "type": "email.clicked.v1"}
    late = {"id": "f2", "time": "2026-01-05T10:00:00Z", "type": "email.clicked.v1"}
    review = {"id": "f3", "time": "2026-02-05T10:00:00Z", "type": "review.due.v1"}
    facts: list[Json] = [{"source": "t", "subject": "acme.com", **each} for each in (clicked, late, review)]
    with temporary_log(World(vector_named("01-whole-hours").model, facts), 1) as log:
        assert replay(log).latest == parse_time("2026-01-06T10:00:00Z")


def replay_in_process(url: str, seed: str) -> str:
    """The output of another process, with another hash seed."""
    command = [sys.executable, "-m", "tests.audit.replay_main", url]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_digests_and_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    vector = vector_named("20-when")
    facts = [{**each, "subject": f"{name}.example"} for name in "abc" for each in vector.facts]
    facts = [{**each, "id": f"{number}"} for number, each in enumerate(facts)]
    log_with_facts(tmp_path, World(vector.model, facts), 1).close()
    outputs = {replay_in_process(f"sqlite:///{tmp_path / 'staffel.db'}", seed) for seed in ("0", "1", "4711")}
    assert [len(outputs), len(outputs.pop().splitlines())] == [1, 3]
