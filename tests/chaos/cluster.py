"""Real processes on a real broker and a real PostgreSQL, restarted by a supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, RLock, Thread
from time import monotonic

from staffel.application import Application
from staffel.connect import connect
from staffel.settings import Settings
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, running_receiver
from tests.crash.case_runner import MODEL

SESSION_S = 3
_STAFFEL = Path(sys.executable).parent / "staffel"
_POLL_S = 0.05
_DEADLINE_S = 60


@dataclass
class SupervisedProcess:
    """A command that is restarted whenever it ends, until it is stopped. `exits`: its exit codes."""

    arguments: Sequence[str]
    env: Mapping[str, str]
    log: Path
    exits: list[int] = field(default_factory=list)
    keep_running: bool = True
    lock: RLock = field(default_factory=RLock)
    process: "subprocess.Popen[bytes] | None" = None
    log_offset: int = 0
    """Where in its log the life of now begins."""

    def start(self) -> None:
        with self.lock, self.log.open("ab") as log:
            command, self.log_offset = [str(_STAFFEL), *self.arguments], log.tell()
            self.process = subprocess.Popen(command, env=dict(self.env), stdout=log, stderr=log, cwd=self.log.parent)

    def restart_if_ended(self) -> None:
        """Restart it if it has ended by itself."""
        with self.lock:
            if self.keep_running and self.process is not None and self.process.poll() is not None:
                self.exits.append(self.process.returncode)
                self.start()

    def kill(self) -> None:
        """Kill it with SIGKILL and restart it."""
        with self.lock:
            assert self.process is not None
            self.process.kill()
            self.process.wait(_DEADLINE_S)
            self.restart_if_ended()

    def signal(self, number: signal.Signals) -> None:
        with self.lock:
            assert self.process is not None
            self.process.send_signal(number)

    def stop(self) -> int:
        """Send SIGTERM; returns the exit code."""
        with self.lock:
            assert self.process is not None
            self.keep_running = False
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                return self.process.wait(_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                return self.process.wait(_DEADLINE_S)

    def await_output(self, text: str, deadline_s: float = _DEADLINE_S) -> None:
        """Wait until the current process has printed this."""
        began, never = monotonic(), Event()
        while text not in self.output()[self.log_offset :]:
            assert monotonic() - began < deadline_s, f"{self.arguments} never printed {text!r}: {self.output()[-2000:]}"
            never.wait(_POLL_S)

    def output(self) -> str:
        return self.log.read_bytes().decode("ascii", "replace")


class Cluster:
    """Topics and tables, the started processes, and the receiver of alerts."""

    receiver: Receiver

    def __init__(self, folder: Path, kafka: str, database: str, partitions: int, replication: int) -> None:
        self.folder = folder
        self.settings = Settings(log=kafka, database=database, partitions=partitions, model=MODEL, wait=60)
        settings = {"LOG": kafka, "DATABASE": database, "MODEL": str(MODEL), "WORKER_SESSION": str(SESSION_S)}
        self.env = {**os.environ, **{f"STAFFEL_{name}": value for name, value in settings.items()}}
        self.processes: list[SupervisedProcess] = []
        self._stop = Event()
        self.command("topics", "create", "--partitions", str(partitions), "--replication", str(replication))
        self._supervisor = Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def command(self, *arguments: str) -> str:
        """Run a command; returns its output."""
        command = [str(_STAFFEL), *arguments]
        ended = subprocess.run(command, env=self.env, cwd=self.folder, capture_output=True, text=True)
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def start(self, role: str, *options: str) -> SupervisedProcess:
        log = self.folder / f"{role}-{len(self.processes)}.log"
        process = SupervisedProcess([role, "--port", "0", *options], self.env, log)
        process.start()
        self.processes.append(process)
        return process

    def start_alerts(self, url: str, secret: str) -> None:
        """Start alerts that send every event to this address."""
        file = self.folder / "alerts.yaml"
        channel = f"{{name: sales, webhook: '{url}', secret_env: CHAOS_SECRET}}"
        file.write_text(
            f"channels: [{channel}]\ncool_down: {{act_now: 0, handoff_proposed: 0, service_level_passed: 0}}\n"
        )
        self.env |= {"STAFFEL_ALERTS": str(file), "CHAOS_SECRET": secret}
        self.start("alerts")

    def connect(self) -> Application:
        """Connect as a command does."""
        return connect(self.settings)

    def exits(self) -> list[int]:
        return [code for process in self.processes for code in process.exits]

    def close(self) -> None:
        self._stop.set()
        self._supervisor.join()
        for process in self.processes:
            process.stop()

    def _supervise(self) -> None:
        while not self._stop.wait(_POLL_S):
            for process in list(self.processes):
                process.restart_if_ended()


@contextmanager
def cluster(
    folder: Path, kafka: str, database: str, partitions: int = 4, workers: int = 1, replication: int = 1
) -> Iterator[Cluster]:
    """A running cluster: workers, a projector, a relay, and alerts with a receiver."""
    made = Cluster(folder, kafka, database, partitions, replication)
    try:
        for role in ("worker",) * workers + ("project", "relay"):
            made.start(role)
        with running_receiver() as made.receiver:
            made.start_alerts(made.receiver.url, SECRET)
            yield made
    except BaseException:
        for process in made.processes:
            sys.stderr.write(f"--- {process.log.name}, exits {process.exits}\n{process.output()[-3000:]}\n")
        raise
    finally:
        with suppress(subprocess.TimeoutExpired):
            made.close()
