"""A worker keeps its partitions whole: what it folds, when it writes, and when it ends rather than go on."""

import asyncio

import pytest

from tests.streams.worker.fakes import Broker, Ended, acknowledged, checkpoint, fetched, got, owner, total, worker_on


async def test_records_of_a_fetch_become_one_unit_whose_last_record_is_the_position() -> None:
    broker = Broker()
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 2, [(0, 5), (1, 6)]))
    await acknowledged()
    assert broker.output() == [(b"a", total(2, 11)), checkpoint(2)]
    assert (worker.counters.positions, worker.counters.facts, worker.counters.units) == ({0: 2}, 2, 1)


async def test_the_position_advances_over_markers_that_are_no_records() -> None:
    broker = Broker()
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 4, [(0, 5), (2, 6)]))
    await worker.process(fetched(worker, 4, 7))
    await acknowledged()
    assert broker.output()[-1] == checkpoint(7)
    assert worker.counters.positions == {0: 7}


async def test_a_fetch_that_moved_nothing_is_no_delivery() -> None:
    worker = await owner(Broker())
    assert worker.bind_fetch(0, 0, 0, []) is None


async def test_a_fetch_for_a_partition_of_others_is_no_delivery() -> None:
    worker = await owner(Broker())
    assert worker.bind_fetch(1, 0, 1, got([(0, 5)])) is None


async def test_a_fetch_that_does_not_go_on_where_the_last_one_ended_ends_the_process() -> None:
    worker = await owner(Broker())
    fetched(worker, 0, 2, [(0, 5), (1, 6)])
    with pytest.raises(Ended, match="hole: partition 0 was fetched up to 2, and goes on at 3"):
        fetched(worker, 3, 4, [(3, 7)])


async def test_a_delivery_that_was_lost_before_the_fold_ends_the_process() -> None:
    worker = await owner(Broker())
    fetched(worker, 0, 2, [(0, 5), (1, 6)])
    with pytest.raises(Ended, match="hole: the fold stands at 0 of partition 0, records start at 2"):
        await worker.process(fetched(worker, 2, 3, [(2, 7)]))


async def test_a_delivery_for_an_assignment_that_was_given_up_is_dropped() -> None:
    broker = Broker()
    worker = await owner(broker)
    delivery = fetched(worker, 0, 1, [(0, 5)])
    await worker.revoke()
    await worker.recover([0])
    await worker.process(delivery)
    assert broker.output() == []


async def test_a_unit_that_lands_elsewhere_than_expected_ends_the_process() -> None:
    broker = Broker()
    worker = await owner(broker)
    broker.holds((b"a", total(9, 9)), checkpoint(9))
    ended = await failure_of(worker.process(fetched(worker, 0, 1, [(0, 5)])))
    assert "foreign write: a unit for offset 0 of sums/0 got offset 2" in ended


async def test_a_unit_that_is_refused_ends_the_process() -> None:
    broker = Broker(at_once=False)
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    broker.waiting[0].set_exception(OSError("message too large"))
    assert "a unit could not be written to sums/0" in await failure_of(asyncio.sleep(0))


async def failure_of(work: object) -> str:
    """What ends the process within a callback of the loop, which raises to nobody."""
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: heard.append(str(said.get("exception"))))
    try:
        await work  # type: ignore[misc]
        await acknowledged()
    except Ended as ended:
        heard.append(str(ended))
    return " ".join(heard)


async def test_a_position_counts_once_its_unit_is_acknowledged() -> None:
    broker = Broker(at_once=False)
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    assert worker.counters.positions == {0: 0}
    broker.waiting[0].set_result(0)
    await acknowledged()
    assert worker.counters.positions == {0: 1}


async def test_partitions_are_given_up_when_what_is_being_written_is_durable() -> None:
    broker = Broker(at_once=False)
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    giving = asyncio.create_task(worker.revoke())
    await asyncio.sleep(0.01)
    assert not giving.done()
    broker.waiting[0].set_result(0)
    await giving
    assert worker.counters.positions == {}


async def test_partitions_that_are_taken_away_in_the_middle_of_a_fold_are_given_up_after_the_unit_in_hand() -> None:
    broker = Broker(most_numbers=1, unit_gate=asyncio.Event())
    worker = await owner(broker)
    folding = asyncio.create_task(worker.process(fetched(worker, 0, 3, [(0, 5), (1, 6), (2, 7)])))
    await acknowledged()
    giving = asyncio.create_task(worker.revoke())
    await acknowledged()
    assert broker.unit_gate is not None
    broker.unit_gate.set()
    await asyncio.gather(folding, giving)
    assert broker.output() == [(b"a", total(1, 5)), checkpoint(1)]


async def test_dead_letters_are_durable_before_the_unit_that_passes_them() -> None:
    broker = Broker()
    worker = await owner(broker)
    delivery = worker.bind_fetch(0, 0, 2, [*got([(0, 5)]), got([(1, 0)])[0]._replace(value=b"poison")])
    assert delivery is not None
    await worker.process(delivery)
    assert (broker.events, [letter.value for letter in broker.letters_sent]) == (["letters", "unit"], [b"poison"])


async def test_nothing_is_sent_by_a_process_that_stood_still() -> None:
    def check() -> None:
        raise Ended("self-fence")

    broker = Broker()
    worker = await owner(broker, check)
    with pytest.raises(Ended, match="self-fence"):
        await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    assert broker.events == []


async def test_partitions_that_are_taken_away_while_they_are_recovered_are_not_folded() -> None:
    broker = Broker(gate=asyncio.Event())
    broker.holds((b"a", total(2, 11)), (b"a", total(1, 5)), checkpoint(0))
    worker = worker_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    await worker.revoke()
    assert broker.gate is not None
    broker.gate.set()
    await recovering
    assert (worker.active, broker.events, worker.counters.is_assigned) == ({}, [], False)


async def test_partitions_that_are_taken_away_while_they_are_repaired_are_not_folded() -> None:
    broker = Broker(at_once=False, source_end=9)
    broker.holds((b"a", total(2, 11)), checkpoint(2), (b"a", total(1, 5)), checkpoint(1))
    worker = worker_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    giving = asyncio.create_task(worker.revoke())
    await acknowledged()
    assert not giving.done()
    broker.waiting[0].set_result(4)
    await asyncio.gather(recovering, giving)
    assert (worker.active, worker.counters.is_assigned) == ({}, False)


async def test_an_older_record_behind_a_newer_one_is_repaired_before_anything_is_folded() -> None:
    broker = Broker(source_end=5)
    broker.holds((b"a", total(1, 1)), checkpoint(1), (b"a", total(3, 30)), (b"b", total(1, 2)), checkpoint(4))
    broker.holds((b"a", total(2, 20)), checkpoint(2))
    worker = await owner(broker)
    assert broker.output()[7:] == [(b"a", total(3, 30)), checkpoint(4)]
    await worker.process(fetched(worker, 4, 5, [(4, 7)]))
    assert broker.output()[9:] == [(b"a", total(4, 37)), checkpoint(5)]
    assert worker.counters.repaired_keys == 2


async def test_a_partition_that_comes_back_untouched_is_not_read_again() -> None:
    broker = Broker(source_end=1)
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    await worker.revoke()
    broker.reads.clear()
    await worker.recover([0])
    assert (broker.reads, worker.counters.reused_partitions) == ([], 1)
    broker.source_end = 2
    await worker.process(fetched(worker, 1, 2, [(1, 6)]))
    assert broker.output()[-2:] == [(b"a", total(2, 11)), checkpoint(2)]


async def test_a_partition_that_another_wrote_to_meanwhile_is_read_again() -> None:
    broker = Broker(source_end=2)
    worker = await owner(broker)
    await worker.process(fetched(worker, 0, 1, [(0, 5)]))
    await worker.revoke()
    broker.holds((b"a", total(2, 25)), checkpoint(2))
    await worker.recover([0])
    assert (worker.counters.reused_partitions, worker.counters.positions) == (0, {0: 2})


async def test_a_partition_that_was_given_up_in_the_middle_of_a_fold_is_read_again() -> None:
    broker = Broker(most_numbers=1, unit_gate=asyncio.Event(), source_end=3)
    worker = await owner(broker)
    folding = asyncio.create_task(worker.process(fetched(worker, 0, 3, [(0, 5), (1, 6), (2, 7)])))
    await acknowledged()
    giving = asyncio.create_task(worker.revoke())
    await acknowledged()
    assert broker.unit_gate is not None
    broker.unit_gate.set()
    await asyncio.gather(folding, giving)
    await worker.recover([0])
    assert (worker.counters.reused_partitions, worker.counters.positions) == (0, {0: 1})
    await worker.process(fetched(worker, 1, 3, [(1, 6), (2, 7)]))
    assert broker.output()[-2:] == [(b"a", total(3, 18)), checkpoint(3)]


async def test_a_recovery_tells_how_far_it_is() -> None:
    broker = Broker(gate=asyncio.Event(), source_end=2)
    broker.topics["numbers"] = got([(0, 1), (1, 2)])
    broker.holds((b"a", total(2, 3)), checkpoint(2))
    worker = worker_on(broker)
    recovering = asyncio.create_task(worker.recover([0]))
    await asyncio.sleep(0.01)
    told = worker.counters.recovery
    assert told is not None
    assert (told.read, told.to_read) == (0, 2)
    assert broker.gate is not None
    broker.gate.set()
    await recovering
    assert (worker.counters.recovery, worker.counters.recovered_records, worker.counters.recoveries) == (None, 4, 1)
