"""Text files as numbered lines or as a whole, plain or gzipped (recognised by the first bytes).

Encodings: UTF-8 with or without a byte order mark, and UTF-16 with one. Only tables fall back to Windows-1252 or
Latin-1; the other formats are never written in them. Lines are read one at a time.
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

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.files.bounded_streams import BoundedText, BoundedUnpacking, BudgetError, regular_file
from intake.observation import Item, Rejected

MAX_LINE = DEFAULT_BUDGETS.line_bytes
"""Maximum size of a line or item, in bytes."""

MAX_INITIAL_REJECTIONS = 20
"""After this many rejected items before the first valid one, the file is considered to have another format."""

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 20
READ_ERRORS = (OSError, EOFError, zlib.error, UnicodeError)


class Line(NamedTuple):
    number: int
    """Starts at 1."""
    content: bytes
    """UTF-8 if the file is valid, without the line end."""


def numbered_lines(
    path: Path, limit: int = MAX_LINE, *, budgets: Budgets = DEFAULT_BUDGETS
) -> Iterator[Line | Rejected]:
    """The lines of a file, including empty ones. Lines over the limit are rejected, and reading continues.

    A file that is unreadable, truncated within its compression, or binary ends with one rejection.
    """
    number = 0
    try:
        with open_bytes(path, budgets) as stream:
            if is_binary(stream):
                yield not_text(path)
                return
            for content in _bounded_lines(_line_reader(stream), limit):
                number += 1
                yield Line(number, content) if content is not None else _too_long(path, number, limit)
    except READ_ERRORS as error:
        yield unreadable(error, path.name if number == 0 else f"{path.name}:{number + 1}", whole=number == 0)


@contextmanager
def open_bytes(path: Path, budgets: Budgets = DEFAULT_BUDGETS) -> Iterator[BufferedReader]:
    """The bytes of a regular file, decompressed if it is gzip. Opening and reading may raise READ_ERRORS."""
    with open(path, "rb", opener=regular_file) as plain:
        if plain.peek(2)[:2] != _GZIP:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as packed:
            yield BufferedReader(BoundedUnpacking(packed, budgets.unpacked_bytes))


@contextmanager
def open_text(path: Path, budgets: Budgets = DEFAULT_BUDGETS) -> Iterator[TextIO]:
    """The text of a table in its detected encoding, line ends unchanged (for `csv`).

    Iteration raises `LineBudgetError` in place of a line that is too long, and goes on after it.
    """
    encoding = encoding_of(path, budgets)
    with (
        open_bytes(path, budgets) as stream,
        BoundedText(stream, budgets.line_bytes, encoding=encoding, newline="") as text,
    ):
        yield text


def encoding_of(path: Path, budgets: Budgets = DEFAULT_BUDGETS) -> str:
    """The encoding of a table: UTF-16 with a mark, else the first of UTF-8, Windows-1252, Latin-1 that decodes it."""
    with open_bytes(path, budgets) as stream:
        if stream.peek(2)[:2] in _UTF16:
            return "utf-16"
    return next(name for name in ("utf-8-sig", "cp1252", "latin-1") if _is_decodable(path, name, budgets))


def read_whole(path: Path, limit: int) -> bytes | Rejected:
    """The content of a document as UTF-8; rejected if it is unreadable, binary, or larger than `limit` bytes."""
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                return not_text(path)
            is_utf16 = stream.peek(2)[:2] in _UTF16
            content = _utf16_text(stream, limit) if is_utf16 else _without_bom(stream.read(limit + 1))
    except READ_ERRORS as error:
        return unreadable(error, path.name, whole=True)
    return content if len(content) <= limit else too_large(path.name, limit, whole=True)


def is_binary(stream: BufferedReader) -> bool:
    """Whether the first bytes contain zeros without a UTF-16 byte order mark."""
    head = stream.peek(1024)[:1024]
    return b"\0" in head and not head.startswith(_UTF16)


def not_text(path: Path) -> Rejected:
    why = "the file contains zero bytes: it is neither UTF-8 nor UTF-16 with a byte order mark"
    return Rejected(path.name, "not_text", why, whole=True)


def unreadable(error: BaseException, where: str, *, whole: bool = False) -> Rejected:
    """One of READ_ERRORS as a rejection. `whole`: nothing of the file was read before."""
    return Rejected(where, *_read_problem(error), whole=whole)


def _read_problem(error: BaseException) -> tuple[str, str]:
    if isinstance(error, BudgetError):
        return "too_large", f"{error}; nothing after it was read: split the file"
    if isinstance(error, UnicodeDecodeError):
        # Its message would repeat bytes of the file.
        return "bad_encoding", f"the text is not valid in its declared encoding: {error.encoding}, {error.reason}"
    if isinstance(error, UnicodeError):
        return "bad_encoding", f"the text is not valid in its declared encoding: {error}"
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        return "unreadable", f"the compressed file is damaged or truncated: {error}; download it again"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return "unreadable", f"cannot read the file: {reason}"


def too_large(where: str, limit: int, *, whole: bool = False) -> Rejected:
    return Rejected(where, "too_large", f"longer than {limit:,} bytes", whole=whole)


def with_format_check(items: Iterator[Item], wrong_format: str, where: str) -> Iterator[Item]:
    """The items, or one rejection `wrong_format` if the first MAX_INITIAL_REJECTIONS of them are all rejected.

    `wrong_format`: the message, to which the first rejection is added.
    """
    head: list[Item] = []
    for item in items:
        head.append(item)
        if not isinstance(item, Rejected):
            break
        if len(head) == MAX_INITIAL_REJECTIONS:
            yield Rejected(where, "wrong_format", f"{wrong_format}; {_first_rejection(head)}", whole=True)
            return
    yield from head
    yield from items


def _first_rejection(rejections: list[Item]) -> str:
    first = rejections[0]
    assert isinstance(first, Rejected)
    return f"{first.where}: {first.why}"


class ContentCounter:
    """Numbers equal contents, so that two identical lines become two facts, each with a stable id.

    Counts are kept in two generations: when the recent one has `window` contents it becomes the older one, which is
    dropped. So memory is bounded, and the last `window` contents at least are counted. Numbering starts at the
    beginning of the file: a file that has grown since gives its old lines the same numbers.
    """

    def __init__(self, window: int = 100_000) -> None:
        self._window = window
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}

    def count(self, digest: bytes) -> int:
        """The number of this content among equal ones, starting at 1."""
        if len(self._recent) >= self._window:
            self._recent, self._older = {}, self._recent
        seen = self._recent.get(digest) or self._older.get(digest, 0)
        self._recent[digest] = seen + 1
        return seen + 1

    def content_id(self, content: bytes) -> str:
        """32 hex digits of the content's SHA-256, and its number among equal contents."""
        digest = hashlib.sha256(content).digest()[:16]
        return f"{digest.hex()}-{self.count(digest)}"


def _utf16_text(stream: BufferedReader, limit: int) -> bytes:
    """Its first characters as UTF-8: at least one more than the limit if there are more."""
    return TextIOWrapper(stream, encoding="utf-16", newline="\n").read(limit + 1).encode("utf-8", "surrogatepass")


def _line_reader(stream: BufferedReader) -> Callable[[int], bytes]:
    """A function that reads a line of at most so many bytes, as UTF-8 without mark."""
    head = stream.peek(3)[:3]
    if head[:2] in _UTF16:
        text = TextIOWrapper(stream, encoding="utf-16", newline="\n")
        return lambda size: text.readline(size).encode("utf-8", "surrogatepass")
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


def _is_decodable(path: Path, encoding: str, budgets: Budgets) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path, budgets) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
