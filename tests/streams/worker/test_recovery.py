"""A partition as its output tells: the newest record of each key, a position that fits the source, or a refusal."""

import pytest

from streams.log import LogRefused
from streams.worker.assignments import CountedProgress
from streams.worker.options import WorkerCounters
from streams.worker.recovery import RecoveredPartition, RecoverySuperseded, recover_partition
from tests.streams.worker.fakes import OUTPUT, SOURCE, Broker, Got, Quiet, Summing, SumStep, checkpoint, got, total

SMALL = 200
"""Bytes of a unit."""


async def recovered(broker: Broker, most: int = 10_000, wanted: bool = True) -> RecoveredPartition:
    progress = CountedProgress(WorkerCounters(), lambda: wanted, Quiet())
    async with broker.reading(0) as reader:
        return await recover_partition(0, Summing(), reader, progress, most)


def totals(found: RecoveredPartition) -> dict[bytes, dict[str, int]]:
    assert isinstance(found.task, SumStep)
    return found.task.totals


async def test_an_empty_partition_is_begun_at_its_first_fact() -> None:
    found = await recovered(Broker())
    assert (found.task.next, found.output_end, found.units, totals(found)) == (0, 0, [], {})


async def test_of_each_key_the_record_of_the_highest_seq_holds() -> None:
    broker = Broker(source_end=9)
    broker.holds((b"a", total(3, 30)), (b"b", total(1, 7)), checkpoint(4), (b"a", total(2, 20)), checkpoint(3))
    found = await recovered(broker)
    assert totals(found) == {b"a": {"seq": 3, "sum": 30}, b"b": {"seq": 1, "sum": 7}}
    assert (found.task.next, found.output_end) == (4, 5)


async def test_of_two_records_of_one_seq_the_later_one_holds() -> None:
    broker = Broker(source_end=9)
    broker.holds((b"a", total(3, 30)), checkpoint(4), (b"a", total(3, 31)), checkpoint(4))
    found = await recovered(broker)
    assert (totals(found), found.units) == ({b"a": {"seq": 3, "sum": 31}}, [])


async def test_keys_whose_last_record_is_not_their_newest_are_written_again_with_the_position() -> None:
    broker = Broker(source_end=9)
    broker.holds((b"a", total(3, 30)), (b"b", total(5, 7)), checkpoint(8))
    broker.holds((b"a", total(2, 20)), (b"b", total(4, 5)), checkpoint(6))
    found = await recovered(broker)
    assert [unit.records for unit in found.units] == [[(b"a", total(3, 30)), (b"b", total(5, 7)), checkpoint(8)]]
    assert found.repaired_keys == 3


async def test_a_key_that_was_written_again_since_needs_no_repair() -> None:
    broker = Broker(source_end=9)
    broker.holds((b"a", total(3, 30)), checkpoint(4), (b"a", total(2, 20)), checkpoint(3), (b"a", total(4, 31)))
    broker.holds(checkpoint(5))
    assert (await recovered(broker)).units == []


async def test_a_checkpoint_alone_may_be_what_stands_in_a_wrong_order() -> None:
    broker = Broker(source_end=9)
    broker.holds((b"a", total(3, 30)), checkpoint(4), checkpoint(3))
    assert [unit.records for unit in (await recovered(broker)).units] == [[checkpoint(4)]]


async def test_repairs_are_written_in_units_that_fit() -> None:
    broker = Broker(source_end=9)
    keys = [b"k%d" % number for number in range(9)]
    broker.holds(*[(key, total(2, 1)) for key in keys], checkpoint(8), *[(key, total(1, 1)) for key in keys])
    units = (await recovered(broker, SMALL)).units
    assert len(units) > 2
    assert {unit.records[-1] for unit in units} == {checkpoint(8)}
    assert sorted(key for unit in units for key, _ in unit.records[:-1]) == keys


@pytest.mark.parametrize(("begin", "end"), [(0, 3), (5, 9)])
async def test_a_position_outside_of_the_source_is_refused(begin: int, end: int) -> None:
    broker = Broker(source_end=end, begins={SOURCE: begin})
    broker.holds((b"a", total(3, 30)), checkpoint(4))
    with pytest.raises(LogRefused, match=f"stands at offset 4 of partition 0 of numbers, .* {begin} to {end}: the"):
        await recovered(broker)


async def test_a_source_that_lost_its_beginning_before_anything_was_folded_is_refused() -> None:
    with pytest.raises(LogRefused, match=r"stands at offset 0 .* holds offsets 2 to 9"):
        await recovered(Broker(source_end=9, begins={SOURCE: 2}))


async def test_records_without_a_checkpoint_are_refused() -> None:
    broker = Broker()
    broker.holds((b"a", total(3, 30)))
    with pytest.raises(LogRefused, match="partition 0 of sums holds records and no checkpoint"):
        await recovered(broker)


@pytest.mark.parametrize("foreign", [Got(3, b"a", b"text"), Got(3, None, total(1, 1)), Got(3, b"a", None)])
async def test_a_record_that_no_worker_wrote_is_refused(foreign: Got) -> None:
    broker = Broker()
    broker.topics[OUTPUT].append(foreign)
    with pytest.raises(LogRefused, match="the record at offset 3 of sums is none of a worker's"):
        await recovered(broker)


async def test_looking_back_ends_at_the_position_though_a_fetch_brings_more() -> None:
    broker = Broker(chunk=10)
    broker.topics[SOURCE] = got([(0, 1), (1, 2), (2, 3)])
    broker.holds((b"a", total(2, 3)), checkpoint(2))
    found = await recovered(broker)
    assert isinstance(found.task, SumStep)
    assert found.task.seen == [0, 1]


async def test_a_recovery_that_nobody_waits_for_any_more_stops() -> None:
    broker = Broker()
    broker.holds((b"a", total(1, 1)), checkpoint(0))
    with pytest.raises(RecoverySuperseded):
        await recovered(broker, wanted=False)
