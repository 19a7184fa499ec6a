"""Files as numbered lines or as text, whatever their encoding or compression. Never holds a whole log in memory.

UTF-8 with or without a mark and UTF-16 with one are read as they stand; only tables fall back to Windows-1252 or
Latin-1, because no other text that we read may be in them. Gzip is recognised by its first bytes, not by its name.
"""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO, cast

from intake.observation import Item, Rejected

MAX_LINE = 1 << 20
"""Longest line of a log and largest single item, in bytes."""

MAX_INITIAL_REJECTIONS = 20
"""So many bad lines before the first good one, and the file is not what it is taken for."""

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 20
READ_ERRORS = (OSError, EOFError, zlib.error, UnicodeError)


class Line(NamedTuple):
    number: int
    """From 1."""
    content: bytes
    """UTF-8 as far as the file keeps to it, without the line's end."""


def numbered_lines(path: Path, limit: int = MAX_LINE) -> Iterator[Line | Rejected]:
    """The lines of a file, empty ones too. Too long ones are rejected and the rest goes on.

    A file that cannot be read, is cut off inside its compression or is no text ends with one rejection.
    """
    number = 0
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                yield not_text(path)
                return
            for content in _bounded_lines(_line_reader(stream), limit):
                number += 1
                yield Line(number, content) if content is not None else _too_long(path, number, limit)
    except READ_ERRORS as error:
        yield unreadable(error, path.name if number == 0 else f"{path.name}:{number + 1}")


@contextmanager
def open_bytes(path: Path) -> Iterator[BufferedReader]:
    """The bytes of a file, unpacked where it is gzip. Raises one of READ_ERRORS, also while reading."""
    with path.open("rb") as plain:
        if plain.peek(2)[:2] != _GZIP:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as packed:
            yield BufferedReader(packed)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The text of a table in the encoding found by reading it once; line ends as they stand (for `csv`)."""
    encoding = encoding_of(path)
    with open_bytes(path) as stream, TextIOWrapper(stream, encoding=encoding, newline="") as text:
        yield text


def encoding_of(path: Path) -> str:
    """The encoding of a table. By its mark, else the first of UTF-8, Windows-1252 and Latin-1 that fits all of it."""
    with open_bytes(path) as stream:
        if stream.peek(2)[:2] in _UTF16:
            return "utf-16"
    return next(name for name in ("utf-8-sig", "cp1252", "latin-1") if _is_decodable(path, name))


def read_whole(path: Path, limit: int) -> bytes | Rejected:
    """The content of a document as UTF-8, or why not: unreadable, no text, or larger than `limit` bytes."""
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                return not_text(path)
            content = _line_reader(stream)(-1) if stream.peek(2)[:2] in _UTF16 else _without_bom(stream.read(limit + 1))
    except READ_ERRORS as error:
        return unreadable(error, path.name)
    return content if len(content) <= limit else too_large(path.name, limit)


def is_binary(stream: BufferedReader) -> bool:
    """Whether the first bytes are no text: zero bytes without the mark of UTF-16."""
    head = stream.peek(1024)[:1024]
    return b"\0" in head and not head.startswith(_UTF16)


def not_text(path: Path) -> Rejected:
    return Rejected(path.name, "not_text", "the file holds zero bytes: it is no text in UTF-8, or UTF-16 with a mark")


def unreadable(error: BaseException, where: str) -> Rejected:
    """What went wrong while a file was read, one of READ_ERRORS, in words."""
    if isinstance(error, UnicodeError):
        return Rejected(where, "bad_encoding", f"the text is not in the encoding that it announces: {error}")
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        return Rejected(where, "unreadable", f"the compressed file is damaged or cut off: {error}; fetch it again")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Rejected(where, "unreadable", f"the file cannot be read: {reason}")


def too_large(where: str, limit: int) -> Rejected:
    return Rejected(where, "too_large", f"longer than {limit:,} bytes")


def with_format_check(items: Iterator[Item], wrong_format: str, where: str) -> Iterator[Item]:
    """The items, or one rejection `wrong_format` where the first PATIENCE of them are all bad.

    `otherwise` says what the file was taken for; the first complaint is added to it.
    """
    head: list[Item] = []
    for item in items:
        head.append(item)
        if not isinstance(item, Rejected):
            break
        if len(head) == MAX_INITIAL_REJECTIONS:
            yield Rejected(where, "wrong_format", f"{wrong_format}; {_first_rejection(head)}")
            return
    yield from head
    yield from items


def _first_rejection(rejections: list[Item]) -> str:
    first = rejections[0]
    assert isinstance(first, Rejected)
    return f"{first.where}: {first.why}"


class ContentCounter:
    """Counts equal contents, so that the second of two identical lines is another fact and both keep their ids.

    Counts are kept for the last `window` contents at least: memory stays bounded, and a file that has grown since
    gives its old lines the numbers they had.
    """

    def __init__(self, window: int = 100_000) -> None:
        self._window = window
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}

    def count(self, digest: bytes) -> int:
        """How often this content has come by now, from 1."""
        if len(self._recent) >= self._window:
            self._recent, self._older = {}, self._recent
        seen = self._recent.get(digest) or self._older.get(digest, 0)
        self._recent[digest] = seen + 1
        return seen + 1

    def content_id(self, content: bytes) -> str:
        """32 hex digits of the content's SHA-256 and its number among equal contents."""
        digest = hashlib.sha256(content).digest()[:16]
        return f"{digest.hex()}-{self.count(digest)}"


def _line_reader(stream: BufferedReader) -> Callable[[int], bytes]:
    """Reads lines of at most so many bytes, marks removed, UTF-16 turned to UTF-8; -1 reads UTF-16 to its end."""
    head = stream.peek(3)[:3]
    if head[:2] in _UTF16:
        text = TextIOWrapper(stream, encoding="utf-16", newline="\n")
        return lambda size: (text.read() if size < 0 else text.readline(size)).encode("utf-8", "surrogatepass")
    if head == codecs.BOM_UTF8:
        stream.read(3)
    return cast("Callable[[int], bytes]", stream.readline)


def _bounded_lines(readline: Callable[[int], bytes], limit: int) -> Iterator[bytes | None]:
    while content := readline(limit + 2):
        line = content.rstrip(b"\r\n")
        if len(line) <= limit:
            yield line
            continue
        while content and not content.endswith(b"\n"):
            content = readline(_CHUNK)
        yield None


def _too_long(path: Path, number: int, limit: int) -> Rejected:
    return too_large(f"{path.name}:{number}", limit)


def _without_bom(content: bytes) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8)


def _is_decodable(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
