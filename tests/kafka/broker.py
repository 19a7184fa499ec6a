"""Apache Kafka for the tests: one broker of their own, by plain Java. Never touches a broker that runs already.

`broker()` is shared by the test session and ends with it; `Broker(folder)` is for tests that kill or starve one.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

from tests.ending import ENDING

_POM = Path(__file__).parent / "pom.xml"
_DEADLINE_S = 60
_POLL_S = 0.05
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.min.isr": "1",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.backoff.ms": "200",
    "log.initial.task.delay.ms": "100",
    "log.cleaner.dedupe.buffer.size": "4194304",
}


class NoKafka(Exception):
    """There is no broker, and none can be started."""


class Broker:
    """A broker of its own, started; it may be killed, stopped, continued and started again on the same records."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, heap: str = "384m") -> None:
        self._folder, self._heap = folder, heap
        self._port, controller = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.server = f"127.0.0.1:{self._port}"
        places = {
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.server},CONTROLLER://127.0.0.1:{controller}",
            "log.dirs": str(folder / "records"),
        }
        lines = [f"{key}={value}" for key, value in {**_SETTINGS, **places, **(settings or {})}.items()]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.properties").write_text("\n".join(lines))
        self._format()
        ENDING.callback(self.kill)
        self.start()

    @property
    def url(self) -> str:
        """What STAFFEL_LOG says."""
        return f"kafka://{self.server}"

    def start(self) -> None:
        """Return when it answers."""
        with (self._folder / "log").open("ab") as log:
            command = [*_dying(), *self._java("kafka.Kafka", "server.properties")]
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        while not answers(self._port):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLL_S)
                raise NoKafka(f"the broker did not start: {(self._folder / 'log').read_text()[-800:]}")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_DEADLINE_S)
            self._process = None

    def stop(self) -> None:
        """Its ordinary end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_DEADLINE_S)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT."""
        assert self._process is not None
        self._process.send_signal(number)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        command = self._java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", "server.properties")
        made = subprocess.run(command, cwd=self._folder, capture_output=True, text=True)
        if made.returncode:
            raise NoKafka(f"the broker's folder cannot be formatted: {made.stderr.strip()[-500:]}")

    def _java(self, *arguments: str) -> list[str]:
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if self._heap == "384m" else []
        return ["java", f"-Xmx{self._heap}", *quick, "-cp", f"{jars()}/*", *arguments]


@cache
def server() -> str:
    """HOST:PORT of `STAFFEL_TEST_KAFKA`, or of a broker of this session. Raises `NoKafka`."""
    given = os.environ.get("STAFFEL_TEST_KAFKA")
    return given or _shared().server


@cache
def _shared() -> Broker:
    folder = Path(tempfile.mkdtemp(prefix="staffel-kafka-"))
    ENDING.callback(shutil.rmtree, folder, ignore_errors=True)
    return Broker(folder)


@cache
def jars() -> Path:
    """The folder of Kafka's jars, brought by Maven once; `STAFFEL_KAFKA_JARS` names another. Raises `NoKafka`."""
    given = os.environ.get("STAFFEL_KAFKA_JARS")
    if given:
        return Path(given)
    if not shutil.which("java") or not shutil.which("mvn"):
        raise NoKafka("no Kafka here; apt-get install default-jre-headless maven, or set STAFFEL_TEST_KAFKA")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "staffel" / "kafka-4.1.0"
    if not (folder / "complete").exists():
        _bring(folder)
    return folder


def _bring(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        command = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={made}"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            raise NoKafka(f"Maven could not bring Kafka: {ended.stdout.strip()[-500:]}")
        (Path(made) / "complete").touch()
        shutil.copytree(made, folder, dirs_exist_ok=True)


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as some:
        some.settimeout(1)
        return some.connect_ex(("127.0.0.1", port)) == 0


def _dying() -> list[str]:
    # The broker dies with the tests, even where they are killed.
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
