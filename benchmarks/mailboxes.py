"""The connector for mailboxes on hostile mails: mails per second, and what ten times the size costs."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, timed
from benchmarks.hostile_mails import KINDS, hostile_mails
from benchmarks.sizes import Sizes
from intake.mail import read

OUR_DOMAINS = frozenset({"ours.example"})
SEED = 7
GROWN_MAILS, GROWN_BYTES = 3, 6_000


def measure(sizes: Sizes) -> Iterator[Figure]:
    yield speed(sizes.hostile_mails)
    yield growth(sizes.runs)


def speed(count: int) -> Figure:
    mails = list(hostile_mails(SEED, count))
    seconds = processor_time(mails)
    note = f"{count:,} mails of {sum(map(len, mails)) / count / 1024:.1f} KB in the mean, {len(KINDS)} kinds"
    return Figure("hostile mails, file to observations", count / seconds, "mails/s", 150, note=note)


def growth(runs: int) -> Figure:
    """Of the kind that grows most."""
    factors = {kind: growth_factor(kind, runs) for kind in KINDS}
    worst = max(factors, key=lambda kind: factors[kind])
    return Figure("hostile mails, ten times the size", factors[worst], "x", 25, goal="at most", note=worst)


def growth_factor(kind: str, runs: int) -> float:
    """How often the processor time of small mails goes into that of mails ten times as large, best of several runs."""
    small, large = (
        list(hostile_mails(SEED, GROWN_MAILS, size, kinds=[kind])) for size in (GROWN_BYTES, 10 * GROWN_BYTES)
    )
    return min(processor_time(large) for _ in range(runs)) / min(processor_time(small) for _ in range(runs))


def processor_time(mails: list[bytes]) -> float:
    """Of reading the mails from a file."""
    with TemporaryDirectory(prefix="staffel-bench-") as folder:
        path = Path(folder) / "hostile.mbox"
        path.write_bytes(b"".join(mails))
        return timed(lambda: sum(1 for _ in read(path, OUR_DOMAINS))).cpu
