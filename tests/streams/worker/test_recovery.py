"""Recovery of a partition: the latest record of each key, a position that the source has, or an error."""

import pytest

from streams.log import LogRefused
from streams.worker.options import WorkerCounters
from streams.worker.recovery import (
    LatestByKey,
    RecoveredPartition,
    RecoveryProgress,
    RecoverySuperseded,
    recover_partition,
    stored_state_of,
)
from tests.streams.worker.fakes import (
    OUTPUT,
    SOURCE,
    FakeBroker,
    FakeLogger,
    FakeRecord,
    SumPartitionTask,
    SumTask,
    checkpoint_record,
    encoded_total,
    fake_records,
)

SMALL_BATCH_BYTES = 200
"""Bytes of a unit."""


async def recover_with(
    broker: FakeBroker, most: int = 10_000, wanted: bool = True, log: FakeLogger | None = None
) -> RecoveredPartition:
    progress = RecoveryProgress(WorkerCounters(), lambda: wanted, log or FakeLogger())
    async with broker.open_reader(0) as reader:
        return await recover_partition(0, SumTask(), reader, progress, most)


def recovered_totals(found: RecoveredPartition) -> dict[bytes, dict[str, int]]:
    assert isinstance(found.task, SumPartitionTask)
    return found.task.totals


async def test_an_empty_partition_is_begun_at_its_first_fact() -> None:
    found = await recover_with(FakeBroker())
    assert (found.task.next, found.output_end, found.units, recovered_totals(found)) == (0, 0, [], {})


async def test_of_each_key_the_record_of_the_highest_seq_holds() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output(
        (b"a", encoded_total(3, 30)),
        (b"b", encoded_total(1, 7)),
        checkpoint_record(4),
        (b"a", encoded_total(2, 20)),
        checkpoint_record(3),
    )
    found = await recover_with(broker)
    assert recovered_totals(found) == {b"a": {"seq": 3, "sum": 30}, b"b": {"seq": 1, "sum": 7}}
    assert (found.task.next, found.output_end) == (4, 5)


async def test_of_two_records_of_one_seq_the_later_one_holds() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output(
        (b"a", encoded_total(3, 30)), checkpoint_record(4), (b"a", encoded_total(3, 31)), checkpoint_record(4)
    )
    found = await recover_with(broker)
    assert (recovered_totals(found), found.units) == ({b"a": {"seq": 3, "sum": 31}}, [])


async def test_keys_whose_last_record_is_not_their_newest_are_written_again_with_the_position() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output((b"a", encoded_total(3, 30)), (b"b", encoded_total(5, 7)), checkpoint_record(8))
    broker.add_output((b"a", encoded_total(2, 20)), (b"b", encoded_total(4, 5)), checkpoint_record(6))
    found = await recover_with(broker)
    assert [unit.records for unit in found.units] == [
        [(b"a", encoded_total(3, 30)), (b"b", encoded_total(5, 7)), checkpoint_record(8)]
    ]
    assert found.repaired_keys == 3


async def test_a_key_that_was_written_again_since_needs_no_repair() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output(
        (b"a", encoded_total(3, 30)),
        checkpoint_record(4),
        (b"a", encoded_total(2, 20)),
        checkpoint_record(3),
        (b"a", encoded_total(4, 31)),
    )
    broker.add_output(checkpoint_record(5))
    assert (await recover_with(broker)).units == []


async def test_a_checkpoint_alone_may_be_what_stands_in_a_wrong_order() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output((b"a", encoded_total(3, 30)), checkpoint_record(4), checkpoint_record(3))
    assert [unit.records for unit in (await recover_with(broker)).units] == [[checkpoint_record(4)]]


async def test_repairs_are_written_in_units_that_fit() -> None:
    broker = FakeBroker(source_end=9)
    keys = [b"k%d" % number for number in range(9)]
    broker.add_output(
        *[(key, encoded_total(2, 1)) for key in keys],
        checkpoint_record(8),
        *[(key, encoded_total(1, 1)) for key in keys],
    )
    units = (await recover_with(broker, SMALL_BATCH_BYTES)).units
    assert len(units) > 2
    assert {unit.records[-1] for unit in units} == {checkpoint_record(8)}
    assert sorted(key for unit in units for key, _ in unit.records[:-1]) == keys


@pytest.mark.parametrize(("begin", "end"), [(0, 3), (5, 9)])
async def test_a_position_outside_of_the_source_is_refused(begin: int, end: int) -> None:
    broker = FakeBroker(source_end=end, beginning_offsets={SOURCE: begin})
    broker.add_output((b"a", encoded_total(3, 30)), checkpoint_record(4))
    with pytest.raises(LogRefused, match=f"is at offset 4 of partition 0 of numbers, .* {begin} to {end}: the"):
        await recover_with(broker)


async def test_a_source_that_lost_its_beginning_before_anything_was_folded_is_refused() -> None:
    with pytest.raises(LogRefused, match=r"is at offset 0 .* has offsets 2 to 9"):
        await recover_with(FakeBroker(source_end=9, beginning_offsets={SOURCE: 2}))


async def test_records_without_a_checkpoint_are_refused() -> None:
    broker = FakeBroker()
    broker.add_output((b"a", encoded_total(3, 30)))
    with pytest.raises(LogRefused, match=r"partition 0 of sums has records but no checkpoint: .* `staffel rebuild"):
        await recover_with(broker)


FOREIGN = [FakeRecord(9, b"a", b"text"), FakeRecord(9, None, encoded_total(8, 1)), FakeRecord(9, b"a", None)]


@pytest.mark.parametrize("foreign", FOREIGN)
async def test_a_record_that_no_worker_wrote_is_ignored_with_a_warning_that_names_its_place(
    foreign: FakeRecord,
) -> None:
    broker, log = FakeBroker(source_end=9), FakeLogger()
    broker.add_output((b"a", encoded_total(3, 30)), checkpoint_record(4))
    broker.topics[OUTPUT].append(foreign)
    found = await recover_with(broker, log=log)
    assert (recovered_totals(found), found.task.next) == ({b"a": {"seq": 3, "sum": 30}}, 4)
    assert ("foreign_records", {"topic": "sums", "partition": 0, "offsets": [9], "count": 1}) in log.lines


async def test_a_key_that_hides_behind_a_foreign_record_is_written_again() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output((b"a", encoded_total(3, 30)), (b"b", encoded_total(1, 7)), checkpoint_record(4))
    broker.add_output((b"a", b"text"), (b"b", b"text"), (b"b", encoded_total(2, 8)))
    found = await recover_with(broker)
    assert [unit.records for unit in found.units] == [[(b"a", encoded_total(3, 30)), checkpoint_record(4)]]
    assert found.repaired_keys == 1


async def test_a_key_of_which_only_foreign_records_are_left_is_lost() -> None:
    broker = FakeBroker(source_end=9)
    broker.add_output((b"a", b"text"), (b"b", encoded_total(1, 7)), checkpoint_record(4))
    task = SumTask()
    latest = LatestByKey(task)
    latest.add(broker.topics[OUTPUT])
    assert stored_state_of(latest, 0, task).lost_keys == {b"a"}


async def test_looking_back_ends_at_the_position_though_a_fetch_brings_more() -> None:
    broker = FakeBroker(chunk=10)
    broker.topics[SOURCE] = fake_records([(0, 1), (1, 2), (2, 3)])
    broker.add_output((b"a", encoded_total(2, 3)), checkpoint_record(2))
    found = await recover_with(broker)
    assert isinstance(found.task, SumPartitionTask)
    assert found.task.reread_offsets == [0, 1]


async def test_a_recovery_that_nobody_waits_for_any_more_stops() -> None:
    broker = FakeBroker()
    broker.add_output((b"a", encoded_total(1, 1)), checkpoint_record(0))
    with pytest.raises(RecoverySuperseded):
        await recover_with(broker, wanted=False)
