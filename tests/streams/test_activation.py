"""The beginning of a log: one model in every partition, also without unique ids, and the check of that."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from database.engine import open_database
from schemas.topics import ENGAGEMENT
from scoring.fold.state import FOLD_VERSION
from streams.activation import (
    OtherFoldVersion,
    activate,
    activation_content,
    activation_record,
    check_activation,
    first_activation_content,
    initial_plan,
)
from streams.log import LogRefused, NewRecord, Record
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import PartitionFold
from streams.sql.log import SqlLog
from tests import databases
from tests.scoring.vectors import vector_named

FIRST_MODEL, SECOND_MODEL = vector_named("08-gate").model_text, vector_named("10-tracks").model_text
PARTITIONS = 3


class LogWithoutUniqueIds(SqlLog):
    """A log that may store a record twice, as Kafka may."""

    unique_ids = False


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogWithoutUniqueIds]:
    databases.migrated_database("sqlite", tmp_path)
    made = LogWithoutUniqueIds(open_database(f"sqlite:///{tmp_path / 'staffel.db'}"), PARTITIONS)
    yield made
    made.close()


def activate_model(log: SqlLog, model: str = FIRST_MODEL) -> None:
    activate(log, lambda: (model, "model.yaml"), lambda: 0)


def append_activation(log: SqlLog, partition: int, model: str = FIRST_MODEL) -> None:
    """Append as a second process does that found the partition empty."""
    record = activation_record(activation_content(model, "model.yaml"), partition, 0, PARTITIONS)
    log.append(ENGAGEMENT, [record._replace(id=None)], partition=partition)


def test_every_partition_names_the_model_and_how_many_partitions_there_are(log: LogWithoutUniqueIds) -> None:
    activate_model(log)
    firsts = [msgspec.json.decode(log.read(ENGAGEMENT, partition, 0, 9)[0].value) for partition in range(PARTITIONS)]
    assert [each["data"]["partitions"] for each in firsts] == [PARTITIONS] * PARTITIONS
    assert {each["data"]["version"] for each in firsts} == {initial_plan(log).version}


def test_an_activation_that_stands_twice_changes_nothing(log: LogWithoutUniqueIds) -> None:
    activate_model(log)
    append_activation(log, 1)
    fold = PartitionFold(1, load_nothing)
    assert [fold.apply(record) for record in log.read(ENGAGEMENT, 1, 0, 9)] == [None, None]
    assert (fold.duplicates, fold.model.offset) == (1, 0)


def test_partition_0_decides_where_two_processes_begin_with_two_models(log: LogWithoutUniqueIds) -> None:
    append_activation(log, 0, SECOND_MODEL)
    activate_model(log, FIRST_MODEL)
    versions = {
        msgspec.json.decode(log.read(ENGAGEMENT, p, 0, 1)[0].value)["data"]["version"] for p in range(PARTITIONS)
    }
    assert versions == {activation_content(SECOND_MODEL, "model.yaml")["version"]}


def test_a_log_that_was_begun_half_is_begun_wholly_with_the_same_model(log: LogWithoutUniqueIds) -> None:
    append_activation(log, 0, SECOND_MODEL)
    append_activation(log, 2, SECOND_MODEL)
    activate_model(log, FIRST_MODEL)
    assert [log.end(ENGAGEMENT, partition) for partition in range(PARTITIONS)] == [1, 1, 1]
    check_activation(log)


def test_a_log_without_an_activation_is_refused_with_the_way_out(log: LogWithoutUniqueIds) -> None:
    append_activation(log, 0)
    with pytest.raises(LogRefused, match=r"partition 1 .* does not begin .* run `staffel topics create` first"):
        check_activation(log)


def test_a_partition_that_begins_with_something_else_is_refused(log: LogWithoutUniqueIds) -> None:
    for partition in range(PARTITIONS):
        log.append(ENGAGEMENT, [NewRecord("acme.com", b"a fact")], partition=partition)
    with pytest.raises(LogRefused, match="partition 0 of engagement does not begin with the activation of a model"):
        check_activation(log)


class LogWithAddedPartition(LogWithoutUniqueIds):
    """A log to which a partition was added, with an activation as its first record."""

    def partitions(self, topic: str) -> int:
        return PARTITIONS + 1

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return super().read(topic, partition % PARTITIONS, start, limit)


def test_a_log_with_more_partitions_than_it_began_with_is_refused(tmp_path: Path, log: LogWithoutUniqueIds) -> None:
    activate_model(log)
    grown = LogWithAddedPartition(open_database(f"sqlite:///{tmp_path / 'staffel.db'}"), PARTITIONS)
    with pytest.raises(LogRefused, match=r"has 4 partitions but was created with 3: .* `staffel topics repartition`"):
        check_activation(grown)
    grown.close()


def test_a_log_that_does_not_name_its_partitions_is_taken(log: LogWithoutUniqueIds) -> None:
    for partition in range(PARTITIONS):
        record = activation_record(activation_content(FIRST_MODEL, "model.yaml"), partition, 0)
        log.append(ENGAGEMENT, [record], partition=partition)
    check_activation(log)
    assert first_activation_content(log) is not None


def append_activation_of_fold(log: SqlLog, partition: int, version: int | None) -> None:
    """Append an activation as another version of Staffel writes it; the first one wrote no version."""
    record = activation_record(activation_content(FIRST_MODEL, "model.yaml"), partition, 0, PARTITIONS)
    fact = msgspec.json.decode(record.value)
    fact["data"] |= {"fold": version}
    if version is None:
        del fact["data"]["fold"]
    log.append(ENGAGEMENT, [record._replace(value=msgspec.json.encode(fact))], partition=partition)


@pytest.mark.parametrize(("written", "said"), [(None, 1), (FOLD_VERSION - 1, FOLD_VERSION - 1), (99, 99)])
def test_a_log_of_another_fold_is_refused_with_the_way_out(
    log: LogWithoutUniqueIds, written: int | None, said: int
) -> None:
    for partition in range(PARTITIONS):
        append_activation_of_fold(log, partition, written)
    with pytest.raises(OtherFoldVersion) as refused:
        check_activation(log)
    assert str(refused.value) == (
        f"this log was scored by version {said} of the fold, and this Staffel scores by version {FOLD_VERSION}, which "
        "gives other scores for the same facts; continue with the Staffel that wrote it, or begin a new log (a new "
        "STAFFEL_HOME and `staffel init`; on Kafka a new prefix, a new database and `staffel topics create`) and "
        "import your files there"
    )
