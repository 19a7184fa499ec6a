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
_POLL_INTERVAL_S = 0.1
_STOP_TIMEOUT_S = 20
# A program dies with the measurement, even where that is killed.
_DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


class ProgramError(Exception):
    """A program did not do its work; the message ends with what it said."""


class ProgramOutput(NamedTuple):
    text: str
    cpu: float
    """Seconds of processor time."""

    def number(self, word: str) -> int:
        """What follows `word` at the beginning of a line."""
        found = re.search(rf"^{word} (\d+)", self.text, re.MULTILINE)
        if found is None:
            raise ProgramError(f"it did not say {word!r}: {self.text[-800:]}")
        return int(found[1])


class Program:
    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._output_file = folder / f"said-{len(list(folder.glob('said-*')))}"
        with self._output_file.open("wb") as said:
            line = [*_DIE_WITH_PARENT, *command]
            self.process = subprocess.Popen(line, cwd=folder, env=dict(environment), stdout=said, stderr=said)

    @property
    def text(self) -> str:
        return self._output_file.read_text(errors="replace")

    def has_ended(self, timeout: float) -> bool:
        """Wait; True where it came to its end, Broken where that was none to be proud of."""
        with suppress(subprocess.TimeoutExpired):
            if self.process.wait(timeout):
                raise ProgramError(f"it ended with {self.process.returncode}: {self.text[-1500:]}")
            return True
        return False

    def wait_until(self, done: Callable[[], bool], timeout: float) -> None:
        """Return when `done` or when it has ended. Broken after `patience` seconds."""
        deadline = monotonic() + timeout
        while not self.has_ended(_POLL_INTERVAL_S) and not done():
            if monotonic() > deadline:
                raise ProgramError(f"not done after {timeout:.0f} s: {self.text[-1500:]}")

    def stop(self) -> None:
        """SIGTERM, then what it takes."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_program(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Program]:
    program = Program(command, folder, environment)
    try:
        yield program
    finally:
        program.kill()


def run_program(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    done: Callable[[], bool] = lambda: False,
    timeout: float = 400,
) -> ProgramOutput:
    """Run until `done`, or to its own end where it has one. Raises `Broken`."""
    before = _children_cpu()
    with running_program(command, folder, environment) as program:
        program.wait_until(done, timeout)
        program.stop()
    return ProgramOutput(program.text, _children_cpu() - before)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
