"""Whole commands, start-up included, and a replay by two processes. Never runs on a real home."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from audit.parallel_replay import ReplayJob, replay_in_parallel
from audit.replay_rows import Json
from benchmarks.figures import Figure, timed
from benchmarks.fold import DigestMismatchError
from benchmarks.homes import append_facts, temporary_home
from benchmarks.sizes import Sizes, spacing_ms
from benchmarks.worlds import START, account_name, encoded_fact, facts
from staffel.embedded import Embedded

ROOT = Path(__file__).resolve().parent.parent
MONTH_MS = 30 * 86_400_000


def measure(sizes: Sizes) -> Iterator[Figure]:
    yield replay_figure(sizes)
    yield help_figure(sizes)
    yield accounts_figure(sizes)
    yield demo_figure()


def replay_figure(sizes: Sizes) -> Figure:
    """The whole of `audit replay`, its rows included."""
    count = sizes.replay
    with temporary_home(partitions=4) as staffel:
        append_facts(staffel, facts(count, max(20, count // 50), spacing_ms=spacing_ms(count)))
        order = ReplayJob(staffel.settings.database_url, 4)
        results: list[Json] = []
        alone, together = (timed(lambda n=n: results.append(replay_in_parallel(order, n))) for n in (1, 2))  # type: ignore[misc]
        if results[0] != results[1] or results[0]["facts"] != count:
            raise DigestMismatchError(f"one process and two, {count} facts")
    walls = f"{alone.wall:.1f} s alone, {together.wall:.1f} s together"
    note = f"{count:,} facts, 4 partitions, {os.cpu_count()} cores: {walls}"
    return Figure("replay, two processes : one", alone.wall / together.wall, "x", 1.5, note=note)


def help_figure(sizes: Sizes) -> Figure:
    seconds = median(timed(lambda: run_command({}, "--help")).wall for _ in range(sizes.runs))
    return Figure("staffel --help, whole process", seconds, "s")


def accounts_figure(sizes: Sizes) -> Figure:
    with temporary_home() as staffel:
        append_facts(staffel, visit_facts(sizes.accounts))
        staffel.wait_until_visible()
        taken = [timed(lambda: run_command(environment(staffel), "accounts")).wall for _ in range(sizes.runs)]
    note = f"{sizes.accounts:,} accounts, start-up included; first run {taken[0]:.2f} s"
    return Figure("staffel accounts, whole process", median(taken), "s", 0.5, "at most", note)


def visit_facts(accounts: int) -> Iterator[bytes]:
    """One page each, and as many facts more, most of them of few accounts, over a month."""
    for number in range(accounts):
        contact = f"c_{number:012x}"
        yield encoded_fact(f"v{number}", account_name(number), contact, START, "web.page_viewed", '{"url":"/"}')
    yield from facts(accounts, accounts, spacing_ms=MONTH_MS // accounts)


def environment(staffel: Embedded) -> dict[str, str]:
    return {"STAFFEL_HOME": str(staffel.settings.home), "STAFFEL_MODEL": str(staffel.settings.model)}


def run_command(settings: dict[str, str], *arguments: str) -> None:
    """Run `staffel …` to its end. subprocess.CalledProcessError where it fails."""
    line = [sys.executable, "-c", "from staffel.cli.main import main; main()", *arguments]
    with TemporaryDirectory(prefix="staffel-bench-") as folder:  # the demo keeps its home where it is started
        full_environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
        subprocess.run(line, cwd=folder, env=full_environment, check=True, capture_output=True)


def demo_figure() -> Figure:
    seconds = timed(lambda: run_command({}, "demo")).wall
    return Figure("staffel demo, whole process", seconds, "s", 30, "at most")
