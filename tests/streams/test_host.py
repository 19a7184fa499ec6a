"""The embedded host runs its steps until nothing is left, runs until it is stopped, and raises failures."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from database.host_lock import FileHostLock, host_lock_of
from schemas.topics import ENGAGEMENT, SCORES
from streams.host import Host, HostLockHeld
from streams.log import Log, NewRecord, Unit
from streams.sql.log import SqlLog
from tests import databases


@dataclass
class CopyStep:
    """Copies engagement to scores, some records at a time."""

    log: Log
    name: str = "copying"
    moved: Event = field(default_factory=Event)

    def advance(self) -> int:
        start = self.log.position(0)
        records = self.log.read(ENGAGEMENT, 0, start, 3)
        if not records:
            return 0
        copies = [NewRecord(each.key, each.value) for each in records]
        self.log.append_unit(Unit(0, start, records[-1].offset + 1, copies, []))
        self.moved.set()
        return len(records)


@dataclass
class ReplyStep:
    """Records one fact for every score it sees, up to some."""

    log: Log
    max_facts: int
    seen: int = 0
    name: str = "answering"

    def advance(self) -> int:
        records = self.log.read(SCORES, 0, self.seen, 2)
        self.seen += len(records)
        facts = [NewRecord("acme.com", b"answer", f"answer {n}") for n in range(min(self.seen, self.max_facts))]
        self.log.append(ENGAGEMENT, facts)
        return len(records)


@dataclass
class FailingStep:
    name: str = "failing"

    def advance(self) -> int:
        raise ValueError("the step failed")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(databases.migrated_database("sqlite", tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def log(engine: Engine) -> SqlLog:
    return SqlLog(engine)


@pytest.fixture
def lock(tmp_path: Path) -> FileHostLock:
    return FileHostLock(tmp_path / "staffel.db.host")


@pytest.fixture
def another_process(engine: Engine) -> Iterator["subprocess.Popen[bytes]"]:
    """Holds the lock of this database, and does nothing."""
    command = [sys.executable, "-m", "tests.database.host_lock_holder", str(engine.url)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def append_fact(log: Log, *numbers: int) -> None:
    log.append(ENGAGEMENT, [NewRecord("acme.com", b"%d" % number) for number in numbers])


def score_values(log: Log) -> list[bytes]:
    return [each.value for each in log.read(SCORES, 0, 0, 1_000)]


def run_while(host: Host, stop: Event, action: Callable[[], None]) -> None:
    """Run the host in a thread while something is done, then stop it and wait for its end."""
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(host.run, stop)
        try:
            action()
        finally:
            stop.set()
        ended.result(timeout=30)


def test_draining_moves_everything(log: SqlLog, lock: FileHostLock) -> None:
    append_fact(log, *range(10))
    assert Host([CopyStep(log)], log, lock).drain() == 10
    assert score_values(log) == [b"%d" % n for n in range(10)]


def test_draining_goes_on_while_one_step_makes_work_for_another(log: SqlLog, lock: FileHostLock) -> None:
    append_fact(log, 1, 2)
    Host([ReplyStep(log, max_facts=5), CopyStep(log)], log, lock).drain()
    assert score_values(log) == [b"1", b"2", *[b"answer"] * 5]


def test_draining_an_idle_log_moves_nothing(log: SqlLog, lock: FileHostLock) -> None:
    assert Host([CopyStep(log)], log, lock).drain() == 0


def test_a_command_drains_and_frees_the_lock(log: SqlLog, lock: FileHostLock, tmp_path: Path) -> None:
    append_fact(log, 1)
    assert Host([CopyStep(log)], log, lock).try_drain() is True
    assert score_values(log) == [b"1"]
    assert FileHostLock(tmp_path / "staffel.db.host").try_acquire() is True


def test_a_command_drains_nothing_while_another_process_hosts(
    engine: Engine, log: SqlLog, another_process: "subprocess.Popen[bytes]"
) -> None:
    append_fact(log, 1)
    assert Host([CopyStep(log)], log, host_lock_of(engine)).try_drain() is False
    assert (another_process.poll(), score_values(log)) == (None, [])


def test_a_running_host_picks_up_what_is_recorded(log: SqlLog, lock: FileHostLock) -> None:
    step = CopyStep(log)

    def meanwhile() -> None:
        for number in range(3):
            step.moved.clear()
            append_fact(log, number)
            assert step.moved.wait(10)

    run_while(Host([step], log, lock), Event(), meanwhile)
    assert score_values(log) == [b"0", b"1", b"2"]


def test_a_running_host_picks_up_what_another_process_records(engine: Engine, log: SqlLog, lock: FileHostLock) -> None:
    step, elsewhere = CopyStep(log), SqlLog(open_database(str(engine.url)))

    def meanwhile() -> None:
        append_fact(elsewhere, 1)
        assert step.moved.wait(10)

    run_while(Host([step], log, lock), Event(), meanwhile)
    assert score_values(log) == [b"1"]


def test_a_stopped_host_frees_the_lock(log: SqlLog, lock: FileHostLock, tmp_path: Path) -> None:
    run_while(Host([], log, lock), Event(), lambda: None)
    assert FileHostLock(tmp_path / "staffel.db.host").try_acquire() is True


@pytest.mark.parametrize("act", [Host.drain, Host.try_drain, lambda host: host.run(Event())])
def test_an_exception_in_a_step_stops_the_host_and_names_the_step(
    log: SqlLog, lock: FileHostLock, tmp_path: Path, act: Callable[[Host], object]
) -> None:
    with pytest.raises(ValueError, match="the step failed") as raised:
        act(Host([FailingStep(), CopyStep(log)], log, lock))
    assert raised.value.__notes__ == ["in the step 'failing' of the embedded host"]
    assert FileHostLock(tmp_path / "staffel.db.host").try_acquire() is True


def test_a_second_host_is_refused_and_shown_the_first_one(
    engine: Engine, log: SqlLog, another_process: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(HostLockHeld, match=rf"Already running \(process {another_process.pid}\). Stop it first"):
        Host([], log, host_lock_of(engine)).run(Event(), lock_timeout=0.05)


def test_a_host_takes_over_once_the_other_one_was_killed(
    engine: Engine, log: SqlLog, another_process: "subprocess.Popen[bytes]"
) -> None:
    step = CopyStep(log)
    append_fact(log, 1)

    def meanwhile() -> None:
        another_process.kill()
        assert step.moved.wait(30)

    run_while(Host([step], log, host_lock_of(engine)), Event(), meanwhile)


def catch_up_to(host: Host, log: SqlLog, until: int, timeout: float) -> bool:
    return host.catch_up({0: until}, lambda: {0: log.position(0)}, timeout, wait=Event().wait)


def test_catching_up_waits_for_the_host_that_holds_the_lock(engine: Engine, log: SqlLog, lock: FileHostLock) -> None:
    elsewhere = SqlLog(open_database(str(engine.url)))
    commanding = Host([CopyStep(elsewhere)], elsewhere, host_lock_of(engine))

    def meanwhile() -> None:
        append_fact(elsewhere, *range(20))
        assert catch_up_to(commanding, elsewhere, until=20, timeout=30) is True
        assert len(score_values(log)) == 20

    run_while(Host([CopyStep(log)], log, lock), Event(), meanwhile)


def test_catching_up_looks_again_only_when_its_wait_is_over(
    log: SqlLog, another_process: "subprocess.Popen[bytes]", engine: Engine
) -> None:
    looks, happened = iter([0, 0, 5]), []

    def passed() -> dict[int, int]:
        happened.append("look")
        return {0: next(looks)}

    host = Host([CopyStep(log)], log, host_lock_of(engine))

    assert host.catch_up({0: 5}, passed, timeout=30, wait=lambda _: happened.append("wait")) is True
    assert happened == ["look", "wait", "look", "wait", "look"]


def test_catching_up_does_the_work_itself_once_the_host_was_killed(
    engine: Engine, log: SqlLog, another_process: "subprocess.Popen[bytes]"
) -> None:
    append_fact(log, *range(5))
    host = Host([CopyStep(log)], log, host_lock_of(engine))
    assert catch_up_to(host, log, until=5, timeout=0.1) is False
    another_process.kill()
    assert catch_up_to(host, log, until=5, timeout=30) is True
    assert len(score_values(log)) == 5
