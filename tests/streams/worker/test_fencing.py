"""What ends a worker that is blocked or makes no progress, and what does not."""

import signal
from collections.abc import Mapping
from threading import Event
from time import monotonic
from typing import cast

import pytest

from streams.worker.fencing import AbortProcess, Fence, Watchdog
from streams.worker.options import RecoveryCounters, WorkerCounters
from tests.streams.worker.fakes import ProcessEndedError, abort


def blocked_fence(seconds: float, counters: WorkerCounters) -> Fence:
    fence = Fence(10, counters, abort)
    counters.heartbeat_at = monotonic() - seconds
    return fence


def test_a_loop_that_beats_is_left_alone() -> None:
    blocked_fence(6.5, WorkerCounters()).check()


def test_a_loop_that_stood_still_for_most_of_the_session_ends_the_process() -> None:
    with pytest.raises(ProcessEndedError, match=r"self-fence: the event loop was blocked for \d+.\d s"):
        blocked_fence(7.1, WorkerCounters()).check()


def test_a_loop_that_stands_still_is_found_by_a_thread() -> None:
    counters, heard = WorkerCounters(), Event()
    fence = Fence(1, counters, cast(AbortProcess, lambda why, error: heard.set()))
    fence.start()
    counters.heartbeat_at -= 2
    assert heard.wait(10)
    fence.close()


def test_a_process_that_is_woken_looks_before_it_goes_on() -> None:
    counters = WorkerCounters()
    fence = Fence(10, counters, abort)
    fence.start()
    fence.close()
    counters.heartbeat_at -= 9
    with pytest.raises(ProcessEndedError, match="self-fence"):
        signal.raise_signal(signal.SIGCONT)
    signal.signal(signal.SIGCONT, signal.SIG_DFL)


def run_watchdog(counters: WorkerCounters, *checks: tuple[float, Mapping[int, int] | None]) -> None:
    watchdog = Watchdog(30, 120, counters, abort)
    for now, ends in checks:
        watchdog.check(ends, now)


def counters_at(at: int) -> WorkerCounters:
    return WorkerCounters(positions={3: at}, is_assigned=True)


def test_a_position_that_stays_while_its_end_grows_ends_the_process() -> None:
    with pytest.raises(ProcessEndedError, match="stall: partition 3 stays at 5 while the source grows"):
        run_watchdog(counters_at(5), (100, {3: 6}), (120, {3: 7}), (131, {3: 8}))


def test_a_position_at_its_end_may_stay_for_ever() -> None:
    run_watchdog(counters_at(5), (100, {3: 5}), (1_000, {3: 5}))


def test_a_position_that_moves_may_be_behind_for_ever() -> None:
    counters = counters_at(5)
    watchdog = Watchdog(30, 120, counters, abort)
    for step in range(50):
        counters.positions = {3: step}
        watchdog.check({3: 1_000}, step * 20.0)


def test_while_the_broker_is_silent_nothing_is_said() -> None:
    run_watchdog(counters_at(5), (100, {3: 6}), (120, None), (131, {3: 8}), (160, {3: 8}))


def test_a_recovery_that_reads_nothing_ends_the_process() -> None:
    counters = WorkerCounters(recovery=RecoveryCounters(last_read_at=100))
    run_watchdog(counters, (219, {0: 1}))
    with pytest.raises(ProcessEndedError, match="stall: a recovery read nothing for 120 s"):
        run_watchdog(counters, (221, {0: 1}))


def test_a_worker_that_gets_no_partitions_though_the_broker_answers_ends() -> None:
    with pytest.raises(ProcessEndedError, match="stall: no partitions were assigned for 120 s"):
        run_watchdog(WorkerCounters(), (100, {0: 1}), (221, {0: 1}))


def test_a_worker_that_gets_no_partitions_of_a_silent_broker_waits() -> None:
    run_watchdog(WorkerCounters(), (100, {0: 1}), (200, None), (221, {0: 1}))


def test_a_worker_that_was_given_none_is_at_work() -> None:
    run_watchdog(WorkerCounters(is_assigned=True), (100, {}), (1_000, {}))
