"""Files in any supported encoding become numbered lines; an unreadable file becomes one rejection."""

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.budgets import Budgets
from intake.files.bounded_streams import LineBudgetError
from intake.files.text import (
    ContentCounter,
    Line,
    encoding_of,
    numbered_lines,
    open_text,
    read_whole,
    with_format_check,
)
from intake.observation import Filtered, Rejected


def write_file(folder: Path, content: bytes, name: str = "input.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "grün\nü\u2028ö\r\n\nend".encode(),
        "grün\nü\u2028ö\r\n\nend".encode("utf-8-sig"),
        "grün\nü\u2028ö\r\n\nend".encode("utf-16"),
        gzip.compress("grün\nü\u2028ö\r\n\nend".encode(), mtime=0),
        gzip.compress("grün\nü\u2028ö\r\n\nend".encode("utf-16"), mtime=0),
    ],
)
def test_lines_are_the_same_in_every_encoding(tmp_path: Path, content: bytes) -> None:
    expected = [Line(1, "grün".encode()), Line(2, "ü\u2028ö".encode()), Line(3, b""), Line(4, b"end")]
    assert list(numbered_lines(write_file(tmp_path, content))) == expected


def test_a_line_that_is_too_long_is_rejected_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = write_file(tmp_path, b"x" * 11 + b"\n" + b"y" * 10 + b"\r\nz")
    assert list(numbered_lines(path, limit=10)) == [
        Rejected("input.txt:1", "too_large", "longer than 10 bytes"),
        Line(2, b"y" * 10),
        Line(3, b"z"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "not_text"),
        ("cut".encode("utf-16")[:-1], "bad_encoding"),
    ],
)
def test_binary_files_are_rejected_once(tmp_path: Path, content: bytes, code: str) -> None:
    assert [item.code for item in numbered_lines(write_file(tmp_path, content)) if isinstance(item, Rejected)] == [code]


def test_a_truncated_compressed_file_yields_what_it_has(tmp_path: Path) -> None:
    lines = b"".join(b"line %d of a file that is long enough\n" % number for number in range(50_000))
    items = list(numbered_lines(write_file(tmp_path, gzip.compress(lines)[:-2_000])))
    assert items[0] == Line(1, b"line 0 of a file that is long enough")
    assert isinstance(items[-1], Rejected)
    assert items[-1].code == "unreadable"
    assert all(isinstance(item, Line) for item in items[:-1])


def gzip_of_long_line(folder: Path, size: int, tail: bytes = b"\nGamma,gamma.com\n") -> Path:
    return write_file(folder, gzip.compress(b"Name,Domain\n" + b"x" * size + tail))


def test_a_file_that_unpacks_to_more_than_the_budget_ends_with_its_place(tmp_path: Path) -> None:
    path = write_file(tmp_path, gzip.compress(b"line\n" * 100_000))
    *lines, last = numbered_lines(path, budgets=Budgets(unpacked_bytes=50_000))
    assert lines[:2] == [Line(1, b"line"), Line(2, b"line")]
    place = f"input.txt:{len(lines) + 1}"
    why = "more than 50,000 bytes unpacked; nothing after it was read: split the file"
    assert last == Rejected(place, "too_large", why)


def test_a_table_goes_on_after_a_line_that_is_too_long(tmp_path: Path) -> None:
    path = gzip_of_long_line(tmp_path, 5_000)
    with open_text(path, Budgets(line_bytes=100)) as text:
        assert next(text) == "Name,Domain\n"
        with pytest.raises(LineBudgetError, match="a line of more than 100 characters"):
            next(text)
        assert list(text) == ["Gamma,gamma.com\n"]


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    path = gzip_of_long_line(tmp_path, 64 << 20)
    tracemalloc.start()
    with open_text(path) as text, pytest.raises(LineBudgetError):
        list(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 << 20


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert list(numbered_lines(tmp_path / "pipe")) == [
        Rejected("pipe", "unreadable", "cannot read the file: not a regular file")
    ]


def test_what_refuses_a_whole_file_says_so(tmp_path: Path) -> None:
    binary, cut = b"\x89PNG\r\n\x1a\n\0\0", gzip.compress(b"line\n" * 500_000)[:-3]
    (refused,) = numbered_lines(write_file(tmp_path, binary))
    *lines, broken_off = numbered_lines(write_file(tmp_path, cut))
    assert isinstance(refused, Rejected)
    assert isinstance(broken_off, Rejected)
    assert (refused.whole, len(lines) > 0, broken_off.whole) == (True, True, False)


def test_missing_files_and_folders_are_rejected(tmp_path: Path) -> None:
    absent = Rejected("absent.log", "unreadable", "cannot read the file: No such file or directory")
    assert list(numbered_lines(tmp_path / "absent.log")) == [absent]
    assert [item.code for item in numbered_lines(tmp_path) if isinstance(item, Rejected)] == ["unreadable"]
    assert isinstance(read_whole(tmp_path / "absent.log", 10), Rejected)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("ü€".encode(), "utf-8-sig"),
        ("ü€".encode("utf-16"), "utf-16"),
        ("ü€".encode("cp1252"), "cp1252"),
        ("ü\x81".encode("latin-1"), "latin-1"),
    ],
)
def test_tables_fall_back_to_the_encodings_of_spreadsheets(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = write_file(tmp_path, content)
    assert encoding_of(path) == encoding
    with open_text(path) as text:
        assert text.read().startswith("ü")


def test_a_document_is_read_whole_up_to_a_limit(tmp_path: Path) -> None:
    assert read_whole(write_file(tmp_path, "[ü]".encode("utf-16")), 100) == "[ü]".encode()
    assert read_whole(write_file(tmp_path, "[ü]".encode("utf-8-sig")), 100) == "[ü]".encode()
    assert read_whole(write_file(tmp_path, b"x" * 101), 100) == Rejected(
        "input.txt", "too_large", "longer than 100 bytes"
    )


def test_twenty_bad_lines_at_the_beginning_are_one_rejection() -> None:
    bad = [Rejected(f"a:{number}", "bad_line", "odd") for number in range(1, 31)]
    assert list(with_format_check(iter(bad), "a is no log", "a")) == [
        Rejected("a", "wrong_format", "a is no log; a:1: odd")
    ]
    assert list(with_format_check(iter(bad[:19]), "a is no log", "a")) == bad[:19]
    mixed = [*bad[:19], Filtered("a:20", "an image"), *bad[20:]]
    assert list(with_format_check(iter(mixed), "a is no log", "a")) == mixed


@given(st.lists(st.sampled_from([b"a", b"b", b"c"])), st.integers(0, 30))
def test_ids_of_a_grown_file_begin_with_the_ids_it_had(contents: list[bytes], length: int) -> None:
    def ids(some: list[bytes]) -> list[str]:
        occurrences = ContentCounter(window=2)
        return [occurrences.content_id(content) for content in some]

    assert ids(contents)[:length] == ids(contents[:length])


def test_equal_contents_get_different_ids() -> None:
    occurrences = ContentCounter()
    ids = [occurrences.content_id(content) for content in (b"a", b"b", b"a")]
    assert ids == [
        "ca978112ca1bbdcafac231b39a23dc4d-1",
        "3e23e8160039594a33894f6564e1b134-1",
        "ca978112ca1bbdcafac231b39a23dc4d-2",
    ]
