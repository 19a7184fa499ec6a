"""Input files: only regular files are read, and standard input is spooled into one.

Devices, pipes and sockets may never end, and connectors read some files twice.
"""

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from intake import DEFAULT_BUDGETS
from staffel.errors import UsageError

STANDARD_INPUT = "-"
_SPOOL_PREFIX = "spool-"
_SPOOLED_NAME = "stdin"
_CHUNK_BYTES = 1 << 20


@contextmanager
def opened_inputs(
    paths: list[Path],
    home: Path,
    *,
    standard_input: BinaryIO | None = None,
    most_bytes: int = DEFAULT_BUDGETS.unpacked_bytes,
) -> Iterator[list[Path]]:
    """The files to read. `-` is standard input (by default this process's), spooled into the home and removed at the
    end.

    Raises `UsageError` that names every path that cannot be read.
    """
    require_regular_files(paths)
    if not any(is_standard_input(path) for path in paths):
        yield paths
        return
    with _spooled(home, standard_input or sys.stdin.buffer, most_bytes) as spooled:
        yield [spooled if is_standard_input(path) else path for path in paths]


def is_standard_input(path: Path) -> bool:
    return str(path) == STANDARD_INPUT


def require_regular_files(paths: list[Path]) -> None:
    """A missing file is a usage error; one that becomes unreadable midway is reported in the tally."""
    problems = [f"{path}: {problem}" for path in paths if (problem := _path_problem(path))]
    if sum(is_standard_input(path) for path in paths) > 1:
        problems.append("-: standard input can be read only once")
    if problems:
        raise UsageError("\n".join(problems))


def _path_problem(path: Path) -> str | None:
    if is_standard_input(path):
        return None
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "not a path"
    if stat.S_ISDIR(mode):
        return "is a folder; name the files in it"
    return None if stat.S_ISREG(mode) else f"is {_file_kind(mode)}, not a file; pipe its content in, and name `-`"


def _file_kind(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "a device")


@contextmanager
def _spooled(home: Path, stream: BinaryIO, most_bytes: int) -> Iterator[Path]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned_spools(home)
    # mkdtemp gives the folder mode 0700.
    folder = Path(tempfile.mkdtemp(prefix=_SPOOL_PREFIX, dir=home))
    try:
        with open(folder / _SPOOLED_NAME, "xb", opener=_private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _copy(stream, file, most_bytes)
            file.flush()
            yield folder / _SPOOLED_NAME
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _copy(stream: BinaryIO, file: BinaryIO, most_bytes: int) -> None:
    written = 0
    while chunk := stream.read(_CHUNK_BYTES):
        written += len(chunk)
        if written > most_bytes:
            raise UsageError(f"-: more than {most_bytes:,} bytes; import the input in parts")
        file.write(chunk)


def _remove_abandoned_spools(home: Path) -> None:
    """Spools of processes that were killed: nobody holds the lock on their files."""
    for folder in home.glob(f"{_SPOOL_PREFIX}*"):
        with suppress(OSError):
            if _is_abandoned(folder / _SPOOLED_NAME):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(file: Path) -> bool:
    with file.open("rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
