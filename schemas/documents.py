"""What is wrong with a model, and where; a model as plain values with the line of every key. Never reads a text."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

KeyPath = tuple[str | int, ...]


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


class DocumentError(Exception):
    """A model cannot be used; `problems` lists every reason at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """Plain content and the line of each of its paths (none where the content was no text)."""

    name: str
    content: Any
    lines: dict[KeyPath, int]

    def problem_at(self, path: KeyPath, message: str) -> Problem:
        """A problem at a path; the line is that of the nearest place that has one."""
        lines = (self.lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in self.lines)
        return Problem(self.name, next(lines, None), path_text(path), message)


def path_text(path: KeyPath) -> str:
    """`tracks.acquisition.rules[2].points`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def suggestion(word: str, candidates: Any) -> str:
    """` (did you mean …?)`, or nothing."""
    matches = get_close_matches(word, list(candidates), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
