"""Programs that are measured: started, waited for, ended. Never by name, only what was started here."""

import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
_LOOK_S = 0.1
_GRACE_S = 20
# A program dies with the measurement, even where that is killed.
_DYING = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


class Broken(Exception):
    """A program did not do its work; the message ends with what it said."""


class Told(NamedTuple):
    text: str
    cpu: float
    """Seconds of processor time."""

    def number(self, word: str) -> int:
        """What follows `word` at the beginning of a line."""
        found = re.search(rf"^{word} (\d+)", self.text, re.MULTILINE)
        if found is None:
            raise Broken(f"it did not say {word!r}: {self.text[-800:]}")
        return int(found[1])


class Program:
    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._said = folder / f"said-{len(list(folder.glob('said-*')))}"
        with self._said.open("wb") as said:
            line = [*_DYING, *command]
            self.process = subprocess.Popen(line, cwd=folder, env=dict(environment), stdout=said, stderr=said)

    @property
    def text(self) -> str:
        return self._said.read_text(errors="replace")

    def ended(self, within: float) -> bool:
        """Wait; True where it came to its end, Broken where that was none to be proud of."""
        with suppress(subprocess.TimeoutExpired):
            if self.process.wait(within):
                raise Broken(f"it ended with {self.process.returncode}: {self.text[-1500:]}")
            return True
        return False

    def until(self, done: Callable[[], bool], patience: float) -> None:
        """Return when `done` or when it has ended. Broken after `patience` seconds."""
        deadline = monotonic() + patience
        while not self.ended(_LOOK_S) and not done():
            if monotonic() > deadline:
                raise Broken(f"not done after {patience:.0f} s: {self.text[-1500:]}")

    def stop(self) -> None:
        """SIGTERM, then what it takes."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_S)
        self.kill()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Program]:
    program = Program(command, folder, environment)
    try:
        yield program
    finally:
        program.kill()


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    done: Callable[[], bool] = lambda: False,
    patience: float = 400,
) -> Told:
    """Run until `done`, or to its own end where it has one. Raises `Broken`."""
    before = _children_cpu()
    with running(command, folder, environment) as program:
        program.until(done, patience)
        program.stop()
    return Told(program.text, _children_cpu() - before)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
