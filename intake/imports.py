"""Which files were read already, remembered for ever by their content, so that a grown file goes on where it stopped.

Knows neither names nor dates of files: a copy elsewhere is the same file. Never reads what a file means.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b, sha256
from pathlib import Path
from typing import BinaryIO, Protocol

_CHUNK = 1 << 20


class Memory(Protocol):
    """Where sizes and digests are kept: `projections.imports`."""

    def known(self, kind: str, up_to: int) -> list[tuple[int, str]]:
        """(size in bytes, digest) of everything of this kind that was read and is not longer than `up_to`."""

    def remember(self, kind: str, size: int, digest: str, at: int) -> None:
        """Keep one more."""


class ReadFiles:
    """Remembers by `kind` (the connector) and by the digest of the bytes that were read."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def resume_at(self, path: Path, kind: str) -> int:
        """Bytes at the file's beginning that were read before, 0 where none. Reads the file once, no further than that.

        Raises OSError where the file cannot be read.
        """
        size = path.stat().st_size
        known: dict[int, set[str]] = {}
        for length, digest in self._memory.known(kind, size):
            known.setdefault(length, set()).add(digest)
        return _longest(path, known) if known else 0

    def is_known(self, path: Path, kind: str) -> bool:
        """Whether all of the file was read before; for formats that do not grow by lines."""
        size = path.stat().st_size
        return size > 0 and self.resume_at(path, kind) == size

    def remember(self, path: Path, kind: str, length: int, at: int) -> None:
        """The first `length` bytes are recorded durably, at this time. Nothing is kept of a shortened file."""
        if length <= 0 or path.stat().st_size < length:
            return
        with path.open("rb") as file:
            digest = sha256()
            _feed(digest, file, length)
        self._memory.remember(kind, length, digest.hexdigest(), at)


class Occurrences:
    """Numbers equal lines 1, 2, 3 …, counted from the beginning of a file, so that each gets an id of its own.

    Whoever resumes counts the lines before that point, too: the ids then do not depend on how often a file grew.
    """

    def __init__(self, before: Iterable[bytes] = ()) -> None:
        self._counts = Counter(map(_short, before))

    def number(self, line: bytes) -> int:
        """How many lines like this one there were, this one included."""
        short = _short(line)
        self._counts[short] += 1
        return self._counts[short]


def lines_before(file: BinaryIO, offset: int) -> Iterable[bytes]:
    """The lines that begin before the offset; the file stands at it afterwards, if lines end there."""
    while file.tell() < offset and (line := file.readline()):
        yield line


def whole_lines(path: Path) -> int:
    """Bytes up to the last line feed: what comes after may still be written and is not remembered."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        while end > 0:
            start = max(0, end - _CHUNK)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def _longest(path: Path, known: dict[int, set[str]]) -> int:
    digest, longest, done = sha256(), 0, 0
    with path.open("rb") as file:
        for length in sorted(known):
            _feed(digest, file, length - done)
            done = length
            longest = length if digest.hexdigest() in known[length] else longest
    return longest


def _feed(digest: _Digest, file: BinaryIO, length: int) -> None:
    while length > 0 and (piece := file.read(min(_CHUNK, length))):
        digest.update(piece)
        length -= len(piece)


def _short(line: bytes) -> bytes:
    return blake2b(line.rstrip(b"\r\n"), digest_size=8).digest()
