"""Only regular files are read; standard input is spooled into the home, readable by its owner alone, and removed."""

import io
import os
import socket
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from staffel.errors import UsageError
from staffel.ingestion import opened_inputs, require_regular_files

HOME = Path("home")


def spools() -> list[Path]:
    return sorted(HOME.glob("spool-*"))


def spooled(content: bytes = b"one\ntwo\n", **options: Any) -> AbstractContextManager[list[Path]]:
    return opened_inputs([Path("-")], HOME, standard_input=io.BytesIO(content), **options)


def test_standard_input_is_spooled_for_its_owner_alone_and_removed_at_the_end() -> None:
    with spooled() as (file,):
        assert (file.read_bytes(), file.name) == (b"one\ntwo\n", "stdin")
        assert [oct(path.stat().st_mode & 0o777) for path in (file, file.parent)] == ["0o600", "0o700"]
    assert spools() == []


def test_the_spool_is_removed_after_a_failure_too() -> None:
    with pytest.raises(RuntimeError), spooled():
        raise RuntimeError
    assert spools() == []


def test_an_input_larger_than_the_budget_is_refused_and_removed() -> None:
    with pytest.raises(UsageError, match="-: more than 5 bytes"), spooled(most_bytes=5):
        pass
    assert spools() == []


def test_a_spool_that_a_killed_process_left_is_removed_by_the_next_one() -> None:
    left = HOME / "spool-left" / "stdin"
    left.parent.mkdir(parents=True)
    left.write_text("somebody's data")
    with spooled() as (file,):
        assert spools() == [file.parent]


def test_the_spool_of_a_running_import_stays() -> None:
    with spooled(b"first") as (first,), spooled(b"second") as (second,):
        assert (first.read_bytes(), second.read_bytes()) == (b"first", b"second")


def test_devices_pipes_sockets_folders_and_missing_files_are_named_in_one_message(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("file").touch()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(UsageError) as raised:
            require_regular_files([Path(name) for name in ("file", "pipe", "socket", "/dev/zero", "folder", "absent")])
    assert str(raised.value).splitlines() == [
        "pipe: is a named pipe, not a file; pipe its content in, and name `-`",
        "socket: is a socket, not a file; pipe its content in, and name `-`",
        "/dev/zero: is a device, not a file; pipe its content in, and name `-`",
        "folder: is a folder; name the files in it",
        "absent: no such file",
    ]


def test_standard_input_is_named_once() -> None:
    with pytest.raises(UsageError, match="-: standard input can be read only once"):
        require_regular_files([Path("-"), Path("-")])
