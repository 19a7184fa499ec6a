"""Starts processes of the scaled-out host for tests, on a real broker and a real PostgreSQL."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from uuid import uuid4

from tests.staffel.cli.cli_runner import CommandResult, run_cli
from tests.staffel.conftest import STAFFEL

DEADLINE_S = 120.0
POLL_S = 0.05
Json = Any


@dataclass
class StartedProcess:
    """A process, its log lines, and its health pages."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def log_lines(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log_lines()]

    def get_page(self, page: str) -> tuple[int, str]:
        """Status and text of a page; 0 while nobody listens."""
        pages = next((line["pages"] for line in self.log_lines() if "pages" in line), None)
        if pages is None:
            return 0, ""
        try:
            with urllib.request.urlopen(pages + page, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def checks(self) -> dict[str, bool]:
        _, body = self.get_page("/readyz")
        return {check["name"]: check["ok"] for check in json.loads(body)["checks"]} if body else {}

    def await_ready(self) -> None:
        wait_until(self._is_ready, self.diagnostics)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.diagnostics()
        return self.get_page("/readyz")[0] == 200

    def diagnostics(self) -> str:
        return f"exit {self.process.poll()}, {self.get_page('/readyz')}, {self.log.read_text()[-2000:]}"

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)


@dataclass
class Processes:
    """The processes that a test started; `settings` holds their STAFFEL_ variables."""

    folder: Path
    settings: dict[str, str]
    started: list[StartedProcess] = field(default_factory=list)

    def start(self, role: str, *options: str) -> StartedProcess:
        log = self.folder / f"{role}-{len(self.started)}.log"
        env = {**os.environ, **self.settings, "STAFFEL_LOGS": "json"}
        with log.open("wb") as lines:
            command = [str(STAFFEL), role, "--port", "0", *options]
            process = subprocess.Popen(command, env=env, stdout=lines, stderr=lines, cwd=self.folder)
        self.started.append(StartedProcess(process, log))
        return self.started[-1]

    def run_cli(self, *arguments: object) -> CommandResult:
        """The result of a command, run within this process."""
        before = dict(os.environ)
        os.environ.update(self.settings)
        try:
            return run_cli(*arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def run_json(self, *arguments: object) -> Json:
        """The output of a command with --json; the command must succeed."""
        result = self.run_cli(*arguments, "--json")
        assert result.code == 0, f"{arguments}: {result.out}{result.err}"
        return result.parsed


@contextmanager
def processes(folder: Path, kafka: str, database: str, **settings: str) -> Iterator[Processes]:
    """The processes end with the block. Topics have a prefix of their own, as tests share a broker."""
    log = f"kafka://{kafka}?prefix={uuid4().hex[:8]}."
    group = Processes(folder, {"STAFFEL_LOG": log, "STAFFEL_DATABASE": database, **settings})
    try:
        yield group
    finally:
        for started in group.started:
            started.process.kill()
            started.process.wait(DEADLINE_S)


def wait_until(condition: Callable[[], object], diagnostics: Callable[[], str] = str) -> None:
    """Return as soon as the condition holds."""
    deadline, pause = monotonic() + DEADLINE_S, Event()
    while not condition():
        assert monotonic() < deadline, diagnostics()
        pause.wait(POLL_S)
