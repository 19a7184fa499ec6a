"""What is fuzzed: a function of bytes per connector, and the inputs it begins with. None may raise an exception."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from benchmarks.growing_inputs import GROWING_INPUTS
from intake import Sources
from intake.access_log import LogFormat, parse_format
from intake.recorder import read_networks
from schemas import parse_time
from staffel.ingestion import InputFile, Kind, ReadOptions, guessed_files, read_all

Target = Callable[[bytes], None]

SEED_FOLDERS = (Path(__file__).parents[1] / "samples", Path(__file__).parents[2] / "examples" / "medtech" / "data")
MOST_SEED_BYTES = 65_536
REPLAY_LIMIT_S = 1.0
"""A hang: an input that takes longer, without instrumentation."""
_OPTIONS = ReadOptions(clock=lambda: parse_time("2026-11-01T00:00:00Z"), ours=frozenset({"ours.example"}))
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "access-log": (".log",),
    "mbox": (".mbox", ".eml", ".txt"),
    "calendar": (".ics",),
    "segment": (".segment.jsonl",),
    "cloudevents": (".cloudevents.jsonl",),
    "accounts": (".csv",),
    "contacts": (".csv",),
    "opportunities": (".csv",),
    "networks": ("networks.csv", "networks.txt"),
    "format": (),
    "guess": (".log", ".mbox", ".ics", ".jsonl", ".csv"),
}


def targets() -> dict[str, Target]:
    kinds: tuple[Kind, ...] = (
        "access-log", "mbox", "calendar", "segment", "cloudevents", "accounts", "contacts", "opportunities",
    )  # fmt: skip
    return {
        **{kind: partial(_read, kind) for kind in kinds},
        "networks": _read_networks,
        "format": _read_by_format,
        "guess": _guess,
    }


def seeds(target: str) -> Iterable[bytes]:
    """The beginnings of the samples of its kind, and of inputs that grow."""
    for folder in SEED_FOLDERS:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name.endswith(_SUFFIXES[target]):
                yield path.read_bytes()[:MOST_SEED_BYTES]
    for grown in GROWING_INPUTS.values():
        if grown.kind == target:
            yield grown.content(min(grown.size, 100)).encode()
    yield b""


def _written(content: bytes) -> Path:
    path = Path(gettempdir()) / "staffel-fuzz-input"
    path.write_bytes(content)
    return path


def _read(kind: Kind, content: bytes) -> None:
    for _ in read_all([InputFile(kind, _written(content))], _OPTIONS, Sources()):
        pass


def _read_networks(content: bytes) -> None:
    read_networks(_written(content))


def _read_by_format(content: bytes) -> None:
    text, _, line = content.partition(b"\n")
    log_format = parse_format(text.decode(errors="replace"))
    if isinstance(log_format, LogFormat):
        log_format.parse_line(line, "input:1")


def _guess(content: bytes) -> None:
    guessed_files([_written(content)])
