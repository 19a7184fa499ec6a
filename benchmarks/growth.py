"""`python -m benchmarks.growth`: what an input ten times as large costs, for everything that may grow within a file.

In proportion is 10, quadratic 100. Fails where it is more than 25.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, table, timed
from benchmarks.growing_inputs import GROWING_INPUTS, GrowingInput
from benchmarks.sizes import DEFAULT, Sizes
from intake import Sources
from schemas import parse_time
from staffel.ingestion import InputFile, ReadOptions, read_all

MOST = 25
FACTOR = 10
RUNS = 3
_NOW = parse_time("2026-11-01T00:00:00Z")
_SHORTEST_S = 0.02
"""Processor time of a measured run; shorter inputs are read several times."""


def measure(sizes: Sizes) -> Iterator[Figure]:
    """Of the input that grows most."""
    factors = {name: growth_factor(grown, sizes.runs) for name, grown in GROWING_INPUTS.items()}
    worst = max(factors, key=lambda name: factors[name])
    yield Figure("hostile files, ten times the size", factors[worst], "x", MOST, goal="at most", note=worst)


def growth_factor(grown: GrowingInput, runs: int = RUNS) -> float:
    """How often the processor time of the input goes into that of one ten times as large, each the best of its runs."""
    with TemporaryDirectory(prefix="staffel-bench-") as folder:
        small, large = (Path(folder) / "small", Path(folder) / "large")
        small.write_text(grown.content(grown.size), encoding="utf-8", newline="")
        large.write_text(grown.content(FACTOR * grown.size), encoding="utf-8", newline="")
        read_file(grown, small)  # loads the connector, fills caches
        times = max(1, round(_SHORTEST_S / max(timed(lambda: read_file(grown, small)).cpu, 1e-5)))
        return best_time(grown, large, runs, 1) / best_time(grown, small, runs, times)


def best_time(grown: GrowingInput, path: Path, runs: int, times: int) -> float:
    """Processor time of reading the file once, where it is read several times."""

    def read() -> None:
        for _ in range(times):
            read_file(grown, path)

    return min(timed(read).cpu for _ in range(runs)) / times


def read_file(grown: GrowingInput, path: Path) -> int:
    """The number of items."""
    options = ReadOptions(clock=lambda: _NOW, ours=frozenset({"ours.example"}))
    return sum(1 for _ in read_all([InputFile(grown.kind, path)], options, Sources()))


def main() -> None:
    figures = [
        Figure(f"ten times the {name}", growth_factor(grown, DEFAULT.runs), "x", MOST, goal="at most", note=grown.kind)
        for name, grown in GROWING_INPUTS.items()
    ]
    print(table(figures))
    sys.exit(any(figure.is_met is False for figure in figures))


if __name__ == "__main__":
    main()
