"""What a mutant is: one place in the code, what to write there instead, and the tests that have to notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`rules` are numbers of docs/scoring.md; `tests` are arguments of pytest."""

    rules: tuple[int, ...]
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        rule_numbers = ", ".join(map(str, self.rules))
        return (
            f"rule {rule_numbers}: {self.file}: {' '.join(self.old.split())[:60]} -> {' '.join(self.new.split())[:60]}"
        )


def vectors(*names: str) -> tuple[str, ...]:
    """The fold against some of the vectors."""
    return "tests/scoring/fold/test_vectors.py", "-k", " or ".join(names)


def tests(file: str, *names: str) -> tuple[str, ...]:
    return (file, "-k", " or ".join(names)) if names else (file,)
