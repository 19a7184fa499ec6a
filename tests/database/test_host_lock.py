"""One host per database: the lock excludes others, names its holder, and is free as soon as the holder is gone."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import Engine

from database.engine import open_database
from database.errors import DatabaseError
from database.host_lock import FileHostLock, HostLock, host_lock_of


@pytest.fixture
def holder(database: Engine) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that holds the lock of the database."""
    address = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.database.host_lock_holder", address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def acquired_within(lock: HostLock, seconds: float) -> bool:
    """The server needs a moment to see that a client is gone; a file lock none."""
    deadline = monotonic() + seconds
    while not lock.try_acquire():
        if monotonic() > deadline:
            return False
        Event().wait(0.01)
    return True


def test_a_free_lock_is_taken_and_taken_again_by_its_holder(database: Engine) -> None:
    lock = host_lock_of(database)
    assert (lock.holder(), lock.try_acquire(), lock.try_acquire()) == (None, True, True)
    assert lock.holder() == f"process {os.getpid()}"


def test_a_lock_excludes_another_one_of_the_same_process(database: Engine) -> None:
    first, second = host_lock_of(database), host_lock_of(database)
    assert (first.try_acquire(), second.try_acquire()) == (True, False)


def test_a_released_lock_is_free(database: Engine) -> None:
    first, second = host_lock_of(database), host_lock_of(database)
    first.try_acquire()
    first.release()
    assert first.holder() is None
    assert second.try_acquire() is True


def test_releasing_a_lock_that_is_not_held_leaves_the_holder_alone(database: Engine) -> None:
    first, second = host_lock_of(database), host_lock_of(database)
    first.try_acquire()
    second.release()
    assert second.try_acquire() is False


def test_a_lock_held_by_another_process_is_refused_and_its_holder_named(
    database: Engine, holder: "subprocess.Popen[bytes]"
) -> None:
    lock = host_lock_of(database)
    assert lock.try_acquire() is False
    assert lock.holder() == f"process {holder.pid}"


def test_kill_9_of_the_holder_frees_the_lock(database: Engine, holder: "subprocess.Popen[bytes]") -> None:
    lock = host_lock_of(database)
    holder.kill()
    holder.wait()
    assert acquired_within(lock, seconds=10)
    assert lock.holder() == f"process {os.getpid()}"


def test_locks_of_two_databases_do_not_exclude_each_other(database: Engine, database_url: str) -> None:
    if database.dialect.name == "sqlite":
        database_url = database_url.replace("staffel.db", "other.db")
    other = open_database(database_url)
    assert host_lock_of(database).try_acquire()
    assert host_lock_of(other).try_acquire()


class TestTheFileBesideADatabase:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "staffel.db.host"

    def test_the_target_of_a_link_is_left_alone(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "precious").write_text("4711")
        path.symlink_to(tmp_path / "precious")
        for attempt in (FileHostLock(path).try_acquire, FileHostLock(path).holder):
            with pytest.raises(DatabaseError, match="remove it"):
                attempt()
        assert (tmp_path / "precious").read_text() == "4711"

    def test_a_pipe_is_refused_without_waiting(self, path: Path) -> None:
        os.mkfifo(path)
        with pytest.raises(DatabaseError, match="not a plain file; remove it"):
            FileHostLock(path).try_acquire()

    @pytest.mark.parametrize(
        "content", [b"", b"abc", b"-1", b"0", b"9" * 5_000, b"4294967295", "４７".encode(), b"\xff\0"]
    )
    def test_a_content_that_is_no_running_process_names_no_holder_and_the_lock_is_free(
        self, path: Path, content: bytes
    ) -> None:
        path.write_bytes(content)
        lock = FileHostLock(path)
        assert (lock.holder(), lock.try_acquire(), lock.holder()) == (None, True, f"process {os.getpid()}")

    def test_only_its_owner_reads_it(self, path: Path) -> None:
        FileHostLock(path).try_acquire()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
