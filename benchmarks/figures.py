"""Figures: what was measured beside what is aimed at, as a table and as JSON. Never measures anything itself."""

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One measured number. `goal` says from which side `target` is to be reached; None where nothing is aimed at."""

    name: str
    value: float
    unit: str
    target: float | None = None
    goal: Literal["at least", "at most"] = "at least"
    note: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.goal == "at least" else self.value <= self.target


@dataclass(frozen=True)
class RunTime:
    """Seconds of one run."""

    wall: float
    cpu: float


def timed(run: Callable[[], object]) -> RunTime:
    wall, cpu = perf_counter(), process_time()
    run()
    return RunTime(perf_counter() - wall, process_time() - cpu)


def median_cpu(run: Callable[[], object], runs: int) -> float:
    """Seconds of processor time, the median of several runs: other processes disturb it least."""
    return median(timed(run).cpu for _ in range(runs))


def table(figures: Sequence[Figure]) -> str:
    rows = [["measured", "value", "target", "", "note"], *(table_cells(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join([*map(str.ljust, row[:4], widths), row[4]]).rstrip() for row in rows)


def table_cells(figure: Figure) -> list[str]:
    target = "" if figure.target is None else f"{figure.goal} {format_number(figure.target)}"
    verdict = {True: "met", False: "missed", None: ""}[figure.is_met]
    return [figure.name, f"{format_number(figure.value)} {figure.unit}", target, verdict, figure.note]


def format_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write_json(figures: Sequence[Figure], folder: Path, name: str, extra: Mapping[str, Any] | None = None) -> Path:
    """The figures, the machine that they were measured on and what else is to be known."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }
    rows = [{**asdict(figure), "met": figure.is_met} for figure in figures]
    path = folder / name
    path.write_text(
        json.dumps({"machine": machine, "figures": rows, **(extra or {})}, indent=2) + "\n", encoding="utf-8"
    )
    return path
