"""The processes of a Staffel on Kafka and PostgreSQL, started as anybody would start them. Never in this process."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from time import monotonic

from benchmarks.kafka.contenders import Workload, python
from benchmarks.kafka.programs import ROOT, Program, ProgramError, running_program
from database.engine import Database, open_database
from database.migrate import migrate
from streams.kafka.log import KafkaLog

POLL_INTERVAL_S = 0.01
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class StaffelCluster:
    """One Staffel: its topics, a database of its own, and settings beyond that."""

    workload: Workload
    settings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def database(self) -> str:
        return self.workload.stage.new_database_url()

    @cached_property
    def engine(self) -> Database:
        """Of a database with all tables."""
        engine = open_database(self.database)
        migrate(engine)
        return engine

    @cached_property
    def log(self) -> KafkaLog:
        return KafkaLog(self.workload.address, client="bench")

    @contextmanager
    def running(self, command: str) -> Iterator[Program]:
        """`staffel COMMAND`, killed at the end."""
        folder = self.workload.stage.fresh_folder(command)
        line = python("-c", "from staffel.cli.main import main; main()", command, "--port", "0")
        with running_program(line, folder, {**os.environ, **self._settings(str(folder))}) as program:
            yield program

    @contextmanager
    def running_all(self, *commands: str) -> Iterator[list[Program]]:
        with ExitStack() as stack:
            yield [stack.enter_context(self.running(command)) for command in commands]

    def close(self) -> None:
        self.log.close()
        self.engine.dispose()

    def _settings(self, folder: str) -> dict[str, str]:
        return {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "STAFFEL_LOG": self.workload.stage.url(self.workload.prefix),
            "STAFFEL_DATABASE": self.database,
            "STAFFEL_HOME": folder,
            "STAFFEL_LOGS": "json",
            **self.settings,
        }


@contextmanager
def staffel_cluster(workload: Workload, settings: dict[str, str] | None = None) -> Iterator[StaffelCluster]:
    cluster = StaffelCluster(workload, settings or {})
    try:
        yield cluster
    finally:
        cluster.close()


class ProgramMonitor:
    """Looks again and again, and tells what a program said where that takes too long."""

    def __init__(self, programs: list[Program], seconds: float = START_TIMEOUT_S) -> None:
        self._programs, self._deadline = programs, monotonic() + seconds
        self._pause = Event()

    def wait(self) -> None:
        """A moment."""
        self.check()
        self._pause.wait(POLL_INTERVAL_S)

    def check(self) -> None:
        """Raises `Broken` where a program ended or the time is up."""
        for program in self._programs:
            if program.process.poll() is not None:
                raise ProgramError(f"it ended with {program.process.returncode}: {program.text[-1500:]}")
        if monotonic() > self._deadline:
            raise ProgramError("it takes too long: " + "\n".join(program.text[-600:] for program in self._programs))
