"""Full disk, locked database, damaged file: a message, exit code 1, no partial unit, and recovery afterwards."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, event

from staffel.connect import create_home
from tests import databases
from tests.crash import children, load
from tests.crash.case_runner import CrashDatabase
from tests.crash.consistency import check_consistency

START_MS = 1_767_600_000_000
PAGE = 4096


def ingest_arguments(folder: Path, seed: int = 1) -> list[str]:
    """A command line that records some hundred facts."""
    workload = load.Workload(Random(seed), START_MS)
    file = folder / f"facts{seed}.jsonl"
    file.write_text("".join(workload.line(fact) for _ in range(40) for fact in workload.batch()), encoding="utf-8")
    return ["ingest", "cloudevents", str(file), "--json"]


@pytest.fixture
def crash_db(tmp_path: Path) -> CrashDatabase:
    return CrashDatabase(databases.migrated_database("sqlite", tmp_path)).begin()


@pytest.fixture
def file(crash_db: CrashDatabase) -> Path:
    return Path(crash_db.url.removeprefix("sqlite:///"))


def command_result(crash_db: CrashDatabase, arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and standard error of a command."""
    return child_result(load.run_with_stderr, crash_db, arguments, str(folder / "stderr"))


def child_result(target: object, *arguments: object) -> tuple[int, str]:
    ended = children.run(target, *arguments)  # type: ignore[arg-type]
    assert ended.code == 0
    [(code, stderr)] = ended.messages
    assert "Traceback" not in stderr
    return code, stderr


def with_few_pages(maximum: int, crash_db: CrashDatabase, arguments: list[str], to: str, sender: Connection) -> None:
    """Run with a limit on database pages, at which SQLite reports a full disk."""

    def limit(connection: object, _record: object) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.execute(f"PRAGMA max_page_count={maximum}")

    event.listen(Engine, "connect", limit)
    load.run_with_stderr(crash_db, arguments, to, sender)


def with_short_files(maximum: int, crash_db: CrashDatabase, arguments: list[str], to: str, sender: Connection) -> None:
    """Run with a limit of the operating system on file sizes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (maximum, resource.RLIM_INFINITY))
    load.run_with_stderr(crash_db, arguments, to, sender)


def consistency_figures(crash_db: CrashDatabase) -> dict[str, int]:
    staffel = create_home(crash_db.settings())
    try:
        staffel.wait_until_visible()
        return check_consistency(staffel)
    finally:
        staffel.close()


def page_count(file: Path) -> int:
    return file.stat().st_size // PAGE


@pytest.mark.parametrize("room", [0, 1, 7, 20, 45, 90])
def test_a_full_disk_is_reported_and_operation_continues_once_there_is_room(
    crash_db: CrashDatabase, file: Path, tmp_path: Path, room: int
) -> None:
    assert command_result(crash_db, ["account", "register", "acme"], tmp_path)[0] == 0
    to = str(tmp_path / "stderr")
    code, stderr = child_result(with_few_pages, page_count(file) + room, crash_db, ingest_arguments(tmp_path), to)
    assert code == 1
    assert "the disk is full; free some space and start again, nothing half-written is kept" in stderr

    assert consistency_figures(crash_db)["facts"] >= 1
    assert command_result(crash_db, ingest_arguments(tmp_path), tmp_path)[0] == 0
    assert consistency_figures(crash_db)["facts"] > 300


@pytest.mark.parametrize("room", [1 << 14, 1 << 16, 1 << 18, 1 << 19])
def test_a_file_size_limit_is_reported_and_operation_continues_without_it(
    crash_db: CrashDatabase, file: Path, tmp_path: Path, room: int
) -> None:
    assert command_result(crash_db, ["account", "register", "acme"], tmp_path)[0] == 0
    to = str(tmp_path / "stderr")
    code, stderr = child_result(with_short_files, room, crash_db, ingest_arguments(tmp_path), to)
    assert code == 1
    assert "the disk" in stderr

    assert command_result(crash_db, ingest_arguments(tmp_path), tmp_path)[0] == 0
    assert consistency_figures(crash_db)["facts"] > 300


@contextmanager
def locked_by_other(file: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("arguments", [["account", "register", "acme"], ["up"], ["audit", "verify"]])
def test_a_locked_database_is_reported_and_operation_continues_once_it_is_free(
    crash_db: CrashDatabase, file: Path, tmp_path: Path, arguments: list[str]
) -> None:
    assert command_result(crash_db, ingest_arguments(tmp_path), tmp_path)[0] == 0
    create_home(crash_db.settings()).recorder.record(load.Workload(Random(2), START_MS, batches=1_000).batch())
    impatient = CrashDatabase(f"{crash_db.url}?timeout=0.1")
    with locked_by_other(file):
        code, stderr = command_result(impatient, arguments, tmp_path)
        assert code == 1
        assert "another process keeps it locked; wait until it is done, or end it" in stderr
        assert command_result(impatient, ["accounts"], tmp_path) == (0, "")

    assert command_result(crash_db, ["account", "register", "acme"], tmp_path) == (0, "")
    assert consistency_figures(crash_db)["handoffs"] > 0


def damaged_in_the_middle(whole: bytes) -> bytes:
    middle = len(whole) // 2 // PAGE * PAGE
    return whole[:middle] + Random(1).randbytes(40 * PAGE) + whole[middle + 40 * PAGE :]


def damaged_at_its_beginning(whole: bytes) -> bytes:
    return whole[:PAGE] + bytes(20 * PAGE) + whole[21 * PAGE :]


def cut_off(whole: bytes) -> bytes:
    return whole[: len(whole) // 3]


def no_database(whole: bytes) -> bytes:
    return b"a letter to a friend, and no database at all. " * 1000


@pytest.mark.parametrize("damage", [damaged_in_the_middle, damaged_at_its_beginning, cut_off, no_database])
@pytest.mark.parametrize("arguments", [["audit", "verify"], ["up"], ["ingest"]], ids=" ".join)
def test_a_damaged_file_is_reported_and_operation_continues_from_its_backup(
    crash_db: CrashDatabase, file: Path, tmp_path: Path, damage: object, arguments: list[str]
) -> None:
    assert command_result(crash_db, ingest_arguments(tmp_path), tmp_path)[0] == 0
    backup = shutil.copy(file, tmp_path / "backup")
    more = ingest_arguments(tmp_path, seed=2)
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]

    code, stderr = command_result(crash_db, more if arguments == ["ingest"] else arguments, tmp_path)

    assert code == 1
    assert "damaged" in stderr or "is not a SQLite database" in stderr
    shutil.copy(backup, file)
    assert command_result(crash_db, more, tmp_path)[0] == 0
    assert consistency_figures(crash_db)["handoffs"] > 0
