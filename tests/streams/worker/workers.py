"""Workers as processes on a real broker, their topics, and the comparison with a straight fold.

with worker_cluster(server, partitions=2) as cluster:
    cluster.append_facts(facts)
    one, other = cluster.start_worker(), cluster.start_worker()
    one.kill()
    cluster.await_scored()
    assert cluster.differences() == []
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from audit.replay import digest, replay
from benchmarks.worlds import MODEL
from schemas.scores import CHECKPOINT_KEY, AccountScored, decode_account_scored
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from streams.activation import activate
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.log import LogError, NewRecord, Record
from streams.worker.fencing import FATAL_EXIT_CODE
from streams.worker.options import WorkerCounters
from tests.kafka.topics import fresh_address, log_setting

SESSION_S = 6.0
"""Long enough that a worker on a busy machine does not count as stuck."""
TIMEOUT_S = 120.0
_ROOT = Path(__file__).parents[3]
_POLL_S = 0.05


def wait_until(what: str, condition: Callable[[], bool], timeout: float = TIMEOUT_S) -> float:
    """Wait until the condition is true; returns the seconds it took."""
    begun = monotonic()
    while not condition():
        if monotonic() > begun + timeout:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        Event().wait(_POLL_S)
    return monotonic() - begun


class WorkerProcess:
    """`python -m tests.streams.worker.worker_main` in a folder of its own."""

    def __init__(self, address: KafkaAddress, folder: Path, options: Mapping[str, Any]) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        all_options = {"session_s": SESSION_S, "datadir": str(folder / "faust"), **options}
        self._command = [
            sys.executable,
            "-m",
            "tests.streams.worker.worker_main",
            log_setting(address),
            json.dumps(all_options),
        ]
        self.start()

    def start(self) -> None:
        """Start it, also again after it ended."""
        self._counters_file.unlink(missing_ok=True)
        env = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(self._command, cwd=self.folder, env=env, stdout=output, stderr=output)

    def output(self) -> str:
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of this event."""
        lines = [line for line in self.output().splitlines() if line.startswith("{")]
        return [each for line in lines if (each := json.loads(line)).get("event") == event]

    def counters(self) -> dict[str, Any]:
        """Its recent `WorkerCounters`."""
        with suppress(FileNotFoundError):
            return dict(json.loads(self._counters_file.read_text()))
        return asdict(WorkerCounters())

    def partitions(self) -> set[int]:
        """The partitions that are assigned to it."""
        return {int(partition) for partition in self.counters()["positions"]}

    def await_assignment(self) -> "WorkerProcess":
        """Wait until it has an assignment, which may be empty."""
        wait_until(f"a worker at work\n{self.output()}", lambda: self.counters()["is_assigned"] or self.has_ended)
        assert not self.has_ended, self.output()
        return self

    @property
    def _counters_file(self) -> Path:
        return self.folder / "counted"

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def stop(self) -> int:
        """Send SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.exit_code()

    def exit_code(self) -> int:
        return self.process.wait(TIMEOUT_S)


class WorkerCluster:
    """Topics of a test's own and the workers on them."""

    def __init__(self, address: KafkaAddress, folder: Path) -> None:
        self.address = address
        self.log = KafkaLog(address)
        self.workers: list[WorkerProcess] = []
        self._folder = folder

    def start_worker(self, **options: Any) -> WorkerProcess:
        """One more, with options of `WorkerOptions`."""
        made = WorkerProcess(self.address, self._folder / f"worker-{len(self.workers)}", options)
        self.workers.append(made)
        return made

    def append_facts(self, values: Iterable[bytes]) -> None:
        """Facts, as they are."""
        self.log.append(ENGAGEMENT, [NewRecord(subject_of(value), value) for value in values])

    def read_all(self, topic: str, partition: int) -> list[Record]:
        records: list[Record] = []
        while more := self.log.read(topic, partition, records[-1].offset + 1 if records else 0, 10_000):
            records += more
        return records

    def await_scored(self, timeout: float = TIMEOUT_S) -> float:
        """Wait until all facts are folded; returns the seconds it took."""
        ends = {partition: self.log.end(ENGAGEMENT, partition) for partition in self.partitions}
        return wait_until("everything folded", lambda: self._has_reached(ends), timeout)

    def _has_reached(self, ends: Mapping[int, int]) -> bool:
        try:
            return all(self.log.position(partition) >= end for partition, end in ends.items())
        except LogError:
            return False

    @property
    def partitions(self) -> range:
        return range(self.log.partitions(ENGAGEMENT))

    def dead_letters(self) -> list[Record]:
        return [letter for partition in self.partitions for letter in self.read_all(DEAD_LETTERS, partition)]

    def updates(self) -> dict[str, list[AccountScored]]:
        """account -> its updates in the order of the log."""
        found: dict[str, list[AccountScored]] = {}
        for partition in self.partitions:
            for record in self.read_all(SCORES, partition):
                if "/" not in record.key and record.key != CHECKPOINT_KEY:
                    found.setdefault(record.key, []).append(decode_account_scored(record.value))
        return found

    def append_again(self, topic: str, records: Iterable[Record], partition: int) -> None:
        """Append the same records again, as a writer does that has not seen later ones."""
        self.log.append(topic, [NewRecord(record.key, record.value) for record in records], partition)

    def is_compactable(self) -> bool:
        """Whether compaction would keep the newest record of every account."""
        return all(updates[-1].seq == max(each.seq for each in updates) for updates in self.updates().values())

    def differences(self) -> list[str]:
        """Differences to one straight fold of all facts, and missing or repeated changes; empty if there are none."""
        expected = {id: (account.seq, digest(account)) for id, account in replay(self.log).accounts.items()}
        updates = self.updates()
        found = {id: max((each.seq, each.digest) for each in of_account) for id, of_account in updates.items()}
        wrong = [
            f"{id}: {found.get(id)} for {expected.get(id)}"
            for id in expected | found
            if found.get(id) != expected.get(id)
        ]
        return wrong + [f"{id}: {each}" for id, of_account in updates.items() for each in inconsistencies(of_account)]

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Restart a worker that exits with 70, as a supervisor does."""
        over = Event()
        supervisor = Thread(target=self._restart_fenced, args=(over,), name="supervisor")
        supervisor.start()
        try:
            yield
        finally:
            over.set()
            supervisor.join()

    def _restart_fenced(self, over: Event) -> None:
        while not over.wait(_POLL_S):
            for worker in list(self.workers):
                if worker.process.poll() == FATAL_EXIT_CODE:
                    worker.start()

    def close(self) -> None:
        for worker in self.workers:
            if not worker.has_ended:
                worker.signal(signal.SIGCONT)
                worker.kill()
        self.log.close()


def inconsistencies(updates: list[AccountScored]) -> Iterator[str]:
    """Seqs that are missing, and lines of one seq that differ."""
    reached, lines = 0, {}
    for update in updates:
        if update.after_seq > reached:
            yield f"a hole from {reached} to {update.after_seq}"
        reached = max(reached, update.seq)
        for seq, changes in changes_by_seq(update).items():
            if lines.setdefault(seq, changes) != changes:
                yield f"two tellings of seq {seq}"


def changes_by_seq(update: AccountScored) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {seq: [] for seq in range(update.after_seq + 1, update.seq + 1)}
    for change in (*update.changes.lines, *update.changes.stages, *update.changes.handoffs):
        found[change.seq].append(repr(change))
    return found


def subject_of(value: bytes) -> str:
    return value.split(b'"subject":"', 1)[1].split(b'"', 1)[0].decode()


@contextmanager
def worker_cluster(server: str, folder: Path, partitions: int = 1) -> Iterator[WorkerCluster]:
    """New topics with an active model; workers that still run afterwards are killed."""
    address = fresh_address(server)
    kafka_topics.create_topics(address, partitions)
    cluster = WorkerCluster(address, folder)
    try:
        activate(cluster.log, lambda: (MODEL, "model"), lambda: 0)
        yield cluster
    finally:
        cluster.close()
        kafka_topics.delete_topics(address)
