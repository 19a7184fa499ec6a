"""Files are remembered by what was read of them."""

from io import BytesIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from intake.imports import Occurrences, ReadFiles, lines_before, whole_lines

NOW = 1_767_600_000_000


class Kept:
    """A memory of imports that forgets at the end of the test."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, str]] = []

    def known(self, kind: str, up_to: int) -> list[tuple[int, str]]:
        return [(size, digest) for of_kind, size, digest in self.rows if of_kind == kind and size <= up_to]

    def remember(self, kind: str, size: int, digest: str, at: int) -> None:
        assert at == NOW
        self.rows.append((kind, size, digest))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_new_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    assert ReadFiles(Kept()).resume_at(written(tmp_path / "a.log", b"one\n"), "access-log") == 0


def test_a_file_read_before_is_known_under_any_name(tmp_path: Path) -> None:
    imports = ReadFiles(Kept())
    imports.remember(written(tmp_path / "a.log", b"one\ntwo\n"), "access-log", 8, NOW)
    copy = written(tmp_path / "b.log", b"one\ntwo\n")
    assert (imports.resume_at(copy, "access-log"), imports.is_known(copy, "access-log")) == (8, True)


def test_a_grown_file_goes_on_where_it_stopped(tmp_path: Path) -> None:
    imports = ReadFiles(Kept())
    imports.remember(written(tmp_path / "a.log", b"one\n"), "access-log", 4, NOW)
    imports.remember(written(tmp_path / "a.log", b"one\ntwo\n"), "access-log", 8, NOW)
    grown = written(tmp_path / "a.log", b"one\ntwo\nthree\n")
    assert (imports.resume_at(grown, "access-log"), imports.is_known(grown, "access-log")) == (8, False)


def test_another_beginning_is_another_file(tmp_path: Path) -> None:
    imports = ReadFiles(Kept())
    imports.remember(written(tmp_path / "a.log", b"one\n"), "access-log", 4, NOW)
    assert imports.resume_at(written(tmp_path / "a.log", b"ONE\ntwo\n"), "access-log") == 0


def test_one_connector_knows_nothing_of_what_another_read(tmp_path: Path) -> None:
    imports = ReadFiles(Kept())
    path = written(tmp_path / "a", b"one\n")
    imports.remember(path, "mbox", 4, NOW)
    assert imports.resume_at(path, "calendar") == 0


def test_nothing_is_remembered_of_an_empty_or_shortened_file(tmp_path: Path) -> None:
    kept = Kept()
    ReadFiles(kept).remember(written(tmp_path / "a", b""), "mbox", 0, NOW)
    ReadFiles(kept).remember(written(tmp_path / "a", b"one"), "mbox", 8, NOW)
    assert kept.rows == []


def test_an_unfinished_last_line_is_read_again(tmp_path: Path) -> None:
    assert [whole_lines(written(tmp_path / "a", content)) for content in (b"", b"on", b"one\nt", b"one\ntwo\n")] == [
        0,
        0,
        4,
        8,
    ]


def test_the_end_of_lines_is_found_behind_a_very_long_last_line(tmp_path: Path) -> None:
    assert whole_lines(written(tmp_path / "a", b"one\n" + b"x" * 3_000_000)) == 4


@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n"]), max_size=20), st.integers(0, 20))
def test_equal_lines_get_the_same_numbers_however_often_a_file_grew(lines: list[bytes], cut: int) -> None:
    at_once = Occurrences()
    expected = [at_once.number(line) for line in lines]
    file = BytesIO(b"".join(lines))
    resumed = Occurrences(lines_before(file, len(b"".join(lines[:cut]))))
    assert [resumed.number(line) for line in file] == expected[cut:]
