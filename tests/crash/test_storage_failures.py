"""A full disk, a locked database, a damaged file: a message and exit code 1, no half unit; afterwards all goes on."""

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

from staffel.connect import connect
from tests import databases
from tests.crash import children, load
from tests.crash.case_runner import CrashDatabase
from tests.crash.consistency import check_consistency

START_MS = 1_767_600_000_000
PAGE = 4096


def ingest_arguments(folder: Path, seed: int = 1) -> list[str]:
    """The command line that records some hundreds of facts."""
    world = load.Workload(Random(seed), START_MS)
    file = folder / f"facts{seed}.jsonl"
    file.write_text("".join(world.line(fact) for _ in range(40) for fact in world.batch()), encoding="utf-8")
    return ["ingest", "cloudevents", str(file), "--json"]


@pytest.fixture
def stage(tmp_path: Path) -> CrashDatabase:
    return CrashDatabase(databases.migrated_database("sqlite", tmp_path))


@pytest.fixture
def file(stage: CrashDatabase) -> Path:
    return Path(stage.url.removeprefix("sqlite:///"))


def command_result(stage: CrashDatabase, arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and complaints of a command."""
    return child_result(load.run_with_stderr, stage, arguments, str(folder / "complaints"))


def child_result(target: object, *arguments: object) -> tuple[int, str]:
    ended = children.run(target, *arguments)  # type: ignore[arg-type]
    assert ended.code == 0
    [(code, complaints)] = ended.messages
    assert "Traceback" not in complaints
    return code, complaints


def with_few_pages(most: int, stage: CrashDatabase, arguments: list[str], to: str, tell: Connection) -> None:
    """A database that may not grow beyond so many pages answers as a full disk does."""

    def limit(connection: object, _record: object) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.execute(f"PRAGMA max_page_count={most}")

    event.listen(Engine, "connect", limit)
    load.run_with_stderr(stage, arguments, to, tell)


def with_short_files(most: int, stage: CrashDatabase, arguments: list[str], to: str, tell: Connection) -> None:
    """The system itself lets no file grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    load.run_with_stderr(stage, arguments, to, tell)


def consistency_figures(stage: CrashDatabase) -> dict[str, int]:
    staffel = connect(stage.settings())
    try:
        staffel.wait_until_visible()
        return check_consistency(staffel)
    finally:
        staffel.close()


def page_count(file: Path) -> int:
    return file.stat().st_size // PAGE


@pytest.mark.parametrize("room", [0, 1, 7, 20, 45, 90])
def test_a_full_disk_is_told_and_all_goes_on_once_there_is_room(
    stage: CrashDatabase, file: Path, tmp_path: Path, room: int
) -> None:
    assert command_result(stage, ["account", "register", "acme"], tmp_path)[0] == 0
    to = str(tmp_path / "complaints")
    code, complaints = child_result(with_few_pages, page_count(file) + room, stage, ingest_arguments(tmp_path), to)
    assert code == 1
    assert "the disk is full; free some space and start again, nothing half-written is kept" in complaints

    assert consistency_figures(stage)["facts"] >= 1
    assert command_result(stage, ingest_arguments(tmp_path), tmp_path)[0] == 0
    assert consistency_figures(stage)["facts"] > 300


@pytest.mark.parametrize("room", [1 << 14, 1 << 16, 1 << 18, 1 << 19])
def test_files_that_may_not_grow_are_told_and_all_goes_on_once_they_may(
    stage: CrashDatabase, file: Path, tmp_path: Path, room: int
) -> None:
    assert command_result(stage, ["account", "register", "acme"], tmp_path)[0] == 0
    to = str(tmp_path / "complaints")
    code, complaints = child_result(with_short_files, room, stage, ingest_arguments(tmp_path), to)
    assert code == 1
    assert "the disk" in complaints

    assert command_result(stage, ingest_arguments(tmp_path), tmp_path)[0] == 0
    assert consistency_figures(stage)["facts"] > 300


@contextmanager
def locked_by_other(file: Path) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("arguments", [["account", "register", "acme"], ["up"], ["audit", "verify"]])
def test_a_locked_database_is_told_and_all_goes_on_once_it_is_free(
    stage: CrashDatabase, file: Path, tmp_path: Path, arguments: list[str]
) -> None:
    assert command_result(stage, ingest_arguments(tmp_path), tmp_path)[0] == 0
    connect(stage.settings()).recorder.record(load.Workload(Random(2), START_MS).batch())
    impatient = CrashDatabase(f"{stage.url}?timeout=0.1")
    with locked_by_other(file):
        code, complaints = command_result(impatient, arguments, tmp_path)
        assert code == 1
        assert "another process keeps it locked; wait until it is done, or end it" in complaints
        assert command_result(impatient, ["accounts"], tmp_path) == (0, "")

    assert command_result(stage, ["account", "register", "acme"], tmp_path) == (0, "")
    assert consistency_figures(stage)["handoffs"] > 0


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
def test_a_damaged_file_is_told_and_its_backup_goes_on(
    stage: CrashDatabase, file: Path, tmp_path: Path, damage: object, arguments: list[str]
) -> None:
    assert command_result(stage, ingest_arguments(tmp_path), tmp_path)[0] == 0
    backup = shutil.copy(file, tmp_path / "backup")
    more = ingest_arguments(tmp_path, seed=2)
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]

    code, complaints = command_result(stage, more if arguments == ["ingest"] else arguments, tmp_path)

    assert code == 1
    assert "damaged" in complaints or "is not a SQLite database" in complaints
    shutil.copy(backup, file)
    assert command_result(stage, more, tmp_path)[0] == 0
    assert consistency_figures(stage)["handoffs"] > 0
