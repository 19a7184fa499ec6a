"""Assignments: what a worker folds, when it writes, and when it ends itself."""

import asyncio

import pytest

from tests.streams.worker.fakes import (
    FakeBroker,
    ProcessEndedError,
    assignments_on,
    assignments_with_partition,
    checkpoint_record,
    encoded_total,
    fake_records,
    fetch_delivery,
    run_callbacks,
)


async def test_records_of_a_fetch_become_one_unit_whose_last_record_is_the_position() -> None:
    broker = FakeBroker()
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 2, [(0, 5), (1, 6)]))
    await run_callbacks()
    assert broker.output() == [(b"a", encoded_total(2, 11)), checkpoint_record(2)]
    assert (worker.counters.positions, worker.counters.facts, worker.counters.units) == ({0: 2}, 2, 1)


async def test_the_position_advances_over_markers_that_are_no_records() -> None:
    broker = FakeBroker()
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 4, [(0, 5), (2, 6)]))
    await worker.process(fetch_delivery(worker, 4, 7))
    await run_callbacks()
    assert broker.output()[-1] == checkpoint_record(7)
    assert worker.counters.positions == {0: 7}


async def test_a_fetch_that_moved_nothing_is_no_delivery() -> None:
    worker = await assignments_with_partition(FakeBroker())
    assert worker.bind_fetch(0, 0, 0, []) is None


async def test_a_fetch_for_a_partition_of_others_is_no_delivery() -> None:
    worker = await assignments_with_partition(FakeBroker())
    assert worker.bind_fetch(1, 0, 1, fake_records([(0, 5)])) is None


async def test_a_fetch_that_does_not_go_on_where_the_last_one_ended_ends_the_process() -> None:
    worker = await assignments_with_partition(FakeBroker())
    fetch_delivery(worker, 0, 2, [(0, 5), (1, 6)])
    with pytest.raises(ProcessEndedError, match="gap: partition 0 was fetched up to 2 and continues at 3"):
        fetch_delivery(worker, 3, 4, [(3, 7)])


async def test_a_delivery_that_was_lost_before_the_fold_ends_the_process() -> None:
    worker = await assignments_with_partition(FakeBroker())
    fetch_delivery(worker, 0, 2, [(0, 5), (1, 6)])
    with pytest.raises(ProcessEndedError, match="gap: the fold is at 0 of partition 0, the records start at 2"):
        await worker.process(fetch_delivery(worker, 2, 3, [(2, 7)]))


async def test_a_delivery_for_an_assignment_that_was_given_up_is_dropped() -> None:
    broker = FakeBroker()
    worker = await assignments_with_partition(broker)
    delivery = fetch_delivery(worker, 0, 1, [(0, 5)])
    await worker.revoke()
    await worker.recover([0])
    await worker.process(delivery)
    assert broker.output() == []


async def test_a_unit_that_lands_elsewhere_than_expected_ends_the_process() -> None:
    broker = FakeBroker()
    worker = await assignments_with_partition(broker)
    broker.add_output((b"a", encoded_total(9, 9)), checkpoint_record(9))
    ended = await failure_of(worker.process(fetch_delivery(worker, 0, 1, [(0, 5)])))
    assert "foreign write: a unit for offset 0 of sums/0 got offset 2" in ended


async def test_a_unit_that_is_refused_ends_the_process() -> None:
    broker = FakeBroker(acknowledges_at_once=False)
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    broker.pending[0].set_exception(OSError("message too large"))
    assert "a unit could not be written to sums/0" in await failure_of(asyncio.sleep(0))


async def failure_of(work: object) -> str:
    """The error that ends the process in a callback of the event loop, where nobody catches it."""
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(str(context.get("exception"))))
    try:
        await work  # type: ignore[misc]
        await run_callbacks()
    except ProcessEndedError as ended:
        heard.append(str(ended))
    return " ".join(heard)


async def test_a_position_counts_once_its_unit_is_acknowledged() -> None:
    broker = FakeBroker(acknowledges_at_once=False)
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    assert worker.counters.positions == {0: 0}
    broker.pending[0].set_result(0)
    await run_callbacks()
    assert worker.counters.positions == {0: 1}


async def test_partitions_are_given_up_when_what_is_being_written_is_durable() -> None:
    broker = FakeBroker(acknowledges_at_once=False)
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    giving = asyncio.create_task(worker.revoke())
    await asyncio.sleep(0.01)
    assert not giving.done()
    broker.pending[0].set_result(0)
    await giving
    assert worker.counters.positions == {}


async def test_partitions_that_are_taken_away_in_the_middle_of_a_fold_are_given_up_after_the_unit_in_hand() -> None:
    broker = FakeBroker(max_unit_size=1, unit_gate=asyncio.Event())
    worker = await assignments_with_partition(broker)
    folding = asyncio.create_task(worker.process(fetch_delivery(worker, 0, 3, [(0, 5), (1, 6), (2, 7)])))
    await run_callbacks()
    giving = asyncio.create_task(worker.revoke())
    await run_callbacks()
    assert broker.unit_gate is not None
    broker.unit_gate.set()
    await asyncio.gather(folding, giving)
    assert broker.output() == [(b"a", encoded_total(1, 5)), checkpoint_record(1)]


async def test_dead_letters_are_durable_before_the_unit_that_passes_them() -> None:
    broker = FakeBroker()
    worker = await assignments_with_partition(broker)
    delivery = worker.bind_fetch(
        0, 0, 2, [*fake_records([(0, 5)]), fake_records([(1, 0)])[0]._replace(value=b"poison")]
    )
    assert delivery is not None
    await worker.process(delivery)
    assert (broker.events, [letter.value for letter in broker.dead_letters]) == (["letters", "unit"], [b"poison"])


async def test_nothing_is_sent_by_a_process_that_stood_still() -> None:
    def check() -> None:
        raise ProcessEndedError("self-fence")

    broker = FakeBroker()
    worker = await assignments_with_partition(broker, check)
    with pytest.raises(ProcessEndedError, match="self-fence"):
        await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    assert broker.events == []


async def test_partitions_that_are_taken_away_while_they_are_recovered_are_not_folded() -> None:
    broker = FakeBroker(gate=asyncio.Event())
    broker.add_output((b"a", encoded_total(2, 11)), (b"a", encoded_total(1, 5)), checkpoint_record(0))
    worker = assignments_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    await worker.revoke()
    assert broker.gate is not None
    broker.gate.set()
    await recovering
    assert (worker.active, broker.events, worker.counters.is_assigned) == ({}, [], False)


async def test_partitions_that_are_taken_away_while_they_are_repaired_are_not_folded() -> None:
    broker = FakeBroker(acknowledges_at_once=False, source_end=9)
    broker.add_output(
        (b"a", encoded_total(2, 11)), checkpoint_record(2), (b"a", encoded_total(1, 5)), checkpoint_record(1)
    )
    worker = assignments_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    giving = asyncio.create_task(worker.revoke())
    await run_callbacks()
    assert not giving.done()
    broker.pending[0].set_result(4)
    await asyncio.gather(recovering, giving)
    assert (worker.active, worker.counters.is_assigned) == ({}, False)


async def test_an_older_record_behind_a_newer_one_is_repaired_before_anything_is_folded() -> None:
    broker = FakeBroker(source_end=5)
    broker.add_output(
        (b"a", encoded_total(1, 1)),
        checkpoint_record(1),
        (b"a", encoded_total(3, 30)),
        (b"b", encoded_total(1, 2)),
        checkpoint_record(4),
    )
    broker.add_output((b"a", encoded_total(2, 20)), checkpoint_record(2))
    worker = await assignments_with_partition(broker)
    assert broker.output()[7:] == [(b"a", encoded_total(3, 30)), checkpoint_record(4)]
    await worker.process(fetch_delivery(worker, 4, 5, [(4, 7)]))
    assert broker.output()[9:] == [(b"a", encoded_total(4, 37)), checkpoint_record(5)]
    assert worker.counters.repaired_keys == 2


async def test_a_partition_that_comes_back_untouched_is_not_read_again() -> None:
    broker = FakeBroker(source_end=1)
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    await worker.revoke()
    broker.reads.clear()
    await worker.recover([0])
    assert (broker.reads, worker.counters.reused_partitions) == ([], 1)
    broker.source_end = 2
    await worker.process(fetch_delivery(worker, 1, 2, [(1, 6)]))
    assert broker.output()[-2:] == [(b"a", encoded_total(2, 11)), checkpoint_record(2)]


async def test_a_partition_that_another_wrote_to_meanwhile_is_read_again() -> None:
    broker = FakeBroker(source_end=2)
    worker = await assignments_with_partition(broker)
    await worker.process(fetch_delivery(worker, 0, 1, [(0, 5)]))
    await worker.revoke()
    broker.add_output((b"a", encoded_total(2, 25)), checkpoint_record(2))
    await worker.recover([0])
    assert (worker.counters.reused_partitions, worker.counters.positions) == (0, {0: 2})


async def test_a_partition_that_was_given_up_in_the_middle_of_a_fold_is_read_again() -> None:
    broker = FakeBroker(max_unit_size=1, unit_gate=asyncio.Event(), source_end=3)
    worker = await assignments_with_partition(broker)
    folding = asyncio.create_task(worker.process(fetch_delivery(worker, 0, 3, [(0, 5), (1, 6), (2, 7)])))
    await run_callbacks()
    giving = asyncio.create_task(worker.revoke())
    await run_callbacks()
    assert broker.unit_gate is not None
    broker.unit_gate.set()
    await asyncio.gather(folding, giving)
    await worker.recover([0])
    assert (worker.counters.reused_partitions, worker.counters.positions) == (0, {0: 1})
    await worker.process(fetch_delivery(worker, 1, 3, [(1, 6), (2, 7)]))
    assert broker.output()[-2:] == [(b"a", encoded_total(3, 18)), checkpoint_record(3)]


async def test_a_recovery_tells_how_far_it_is() -> None:
    broker = FakeBroker(gate=asyncio.Event(), source_end=2)
    broker.topics["numbers"] = fake_records([(0, 1), (1, 2)])
    broker.add_output((b"a", encoded_total(2, 3)), checkpoint_record(2))
    worker = assignments_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    recovery = worker.counters.recovery
    assert recovery is not None
    assert (recovery.read, recovery.to_read) == (0, 2)
    assert broker.gate is not None
    broker.gate.set()
    await recovering
    assert (worker.counters.recovery, worker.counters.recovered_records, worker.counters.recoveries) == (None, 4, 1)
