"""Documents that people write, such as models and alert settings: plain values with lines, and their problems."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it is, and what was expected."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class DocumentError(Exception):
    """A document cannot be used; `problems` lists all reasons."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """Plain content and the line of each of its paths; without lines if it was not read from text."""

    name: str
    content: Any
    lines: dict[KeyPath, int]

    def problem_at(self, path: KeyPath, message: str) -> Problem:
        """A problem at a path; the line is that of the path, or of the nearest part around it."""
        lines = (self.lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in self.lines)
        return Problem(self.name, next(lines, None), path_text(path), message)


def path_text(path: KeyPath) -> str:
    """`tracks.acquisition.rules[2].points`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def suggestion(word: str, candidates: Any) -> str:
    """` (did you mean …?)`, or nothing."""
    matches = get_close_matches(word, list(candidates), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
