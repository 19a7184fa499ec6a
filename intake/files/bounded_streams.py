"""Streams that end with an error where a file holds more than its budget allows, and never wait for a writer."""

import errno
import gzip
import os
import stat
from io import RawIOBase, TextIOWrapper
from typing import IO, Any

_CHUNK = 1 << 20


class BudgetError(OSError):
    """More was read than a budget allows. One of READ_ERRORS."""


class LineBudgetError(BudgetError):
    """A line of a table is too long. It was skipped: reading may go on after it."""


def regular_file(path: str, flags: int) -> int:
    """Opens without waiting: a named pipe would block until somebody writes to it."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", path)


class BoundedUnpacking(RawIOBase):
    """The unpacked bytes up to a budget: a small compressed file may hold any number of them."""

    def __init__(self, packed: gzip.GzipFile, most_bytes: int) -> None:
        self._packed, self._most_bytes = packed, most_bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._packed.tell() > self._most_bytes:
            raise BudgetError(f"more than {self._most_bytes:,} bytes unpacked")
        return self._packed.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._packed.seek(offset, whence)

    def tell(self) -> int:
        return self._packed.tell()


class BoundedText(TextIOWrapper):
    """A text whose lines have at most so many characters."""

    def __init__(self, stream: IO[bytes], most_chars: int, *, encoding: str, newline: str) -> None:
        super().__init__(stream, encoding=encoding, newline=newline)
        self._most_chars = most_chars

    def __next__(self) -> str:  # type: ignore[override]
        line = self.readline(self._most_chars + 2)
        if not line:
            raise StopIteration
        if len(line) <= self._most_chars or not line.rstrip("\r\n")[self._most_chars :]:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self.readline(_CHUNK)
        raise LineBudgetError(f"a line of more than {self._most_chars:,} characters")
