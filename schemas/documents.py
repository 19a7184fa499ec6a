"""What is wrong with a model, and where; a model as plain values with the line of every key. Never reads a text."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what was expected."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ModelError(Exception):
    """A model cannot be used; `problems` lists every reason at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Source:
    """Plain content and the line of each of its paths (none where the content was no text)."""

    name: str
    content: Any
    lines: dict[Path, int]

    def problem(self, path: Path, message: str) -> Problem:
        """A problem at a path; the line is that of the nearest place that has one."""
        known = (self.lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in self.lines)
        return Problem(self.name, next(known, None), key_text(path), message)


def key_text(path: Path) -> str:
    """`tracks.acquisition.rules[2].points`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def closest(word: str, known: Any) -> str:
    """` (did you mean …?)`, or nothing."""
    found = get_close_matches(word, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
