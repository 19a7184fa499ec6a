"""Kafka brokers of the tests, started with Java or else with Docker; running brokers are left alone.

`server()` is shared by the test session and ends with it; `open_broker(folder)` is for tests that kill or suspend one,
`open_brokers(folder, number)` for tests with replicas.
"""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from tests.kafka.settings import DEADLINE_S, SCRAM, SETTINGS, KafkaUnavailableError, free_port, is_listening
from tests.shutdown import SHUTDOWN

_POM = Path(__file__).parent / "pom.xml"
_POLL_S = 0.05
_INSTALL_HINT = (
    "no Apache Kafka here: name a broker in STAFFEL_TEST_KAFKA=HOST:PORT, or install Java and Maven "
    "(apt-get install default-jre-headless maven), or start Docker"
)


class BrokerNode(NamedTuple):
    """The number of a broker in its cluster, from 1 on, and the ports of all controllers."""

    cluster: str
    node: int
    controllers: Sequence[int]


class Broker:
    """A broker that can be started, killed, suspended, continued and restarted with the same records."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        heap: str = "384m",
        broker_node: BrokerNode | None = None,
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        """`passwords`: of users who may connect with SCRAM."""
        self._folder, self._heap = folder, heap
        self._port = free_port()
        self._node = broker_node or broker_nodes(1)[0]
        self._process: subprocess.Popen[bytes] | None = None
        self.server = f"127.0.0.1:{self._port}"
        node_id, controllers = self._node.node, self._node.controllers
        addresses = {
            "node.id": str(node_id),
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1)),
            "listeners": f"CLIENTS://{self.server},CONTROLLER://127.0.0.1:{controllers[node_id - 1]}",
            "log.dirs": str(folder / "records"),
        }
        lines = [f"{key}={value}" for key, value in {**SETTINGS, **addresses, **(settings or {})}.items()]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.properties").write_text("\n".join(lines))
        self._format(passwords or {})
        SHUTDOWN.callback(self.kill)

    @property
    def url(self) -> str:
        """The value of STAFFEL_LOG."""
        return f"kafka://{self.server}"

    def start(self) -> None:
        """Start it; returns once it answers."""
        self.launch()
        self.await_listening()

    def launch(self) -> None:
        with (self._folder / "log").open("ab") as log:
            command = [*_die_with_parent(), *self._java("kafka.Kafka", "server.properties")]
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)

    def await_listening(self) -> None:
        assert self._process is not None
        while not is_listening(self._port):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLL_S)
                raise KafkaUnavailableError(f"the broker did not start: {(self._folder / 'log').read_text()[-800:]}")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_S)
            self._process = None

    def stop(self) -> None:
        """Shut it down in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE_S)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send SIGSTOP or SIGCONT."""
        assert self._process is not None
        self._process.send_signal(number)

    def _format(self, passwords: Mapping[str, str]) -> None:
        users = [f"--add-scram={SCRAM}=[name={name},password={known}]" for name, known in passwords.items()]
        named = f"--cluster-id={self._node.cluster}"
        command = self._java("kafka.tools.StorageTool", "format", named, "-c", "server.properties", *users)
        made = subprocess.run(command, cwd=self._folder, capture_output=True, text=True)
        if made.returncode:
            raise KafkaUnavailableError(f"the broker's folder cannot be formatted: {made.stderr.strip()[-500:]}")

    def _java(self, *arguments: str) -> list[str]:
        quick = [] if self._heap.endswith("g") else ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        return ["java", f"-Xmx{self._heap}", *quick, "-cp", f"{jars()}/*", *arguments]


@cache
def server() -> str:
    """HOST:PORT of `STAFFEL_TEST_KAFKA`, or of a broker of this session. Raises `KafkaUnavailableError`."""
    configured = os.environ.get("STAFFEL_TEST_KAFKA")
    return configured or _shared().server


@cache
def _shared() -> Broker:
    folder = Path(tempfile.mkdtemp(prefix="staffel-kafka-"))
    SHUTDOWN.callback(shutil.rmtree, folder, ignore_errors=True)
    return open_broker(folder)


def open_broker(
    folder: Path, settings: Mapping[str, str] | None = None, passwords: Mapping[str, str] | None = None
) -> Broker:
    """A new broker, with Java or else with Docker (without passwords). Raises `KafkaUnavailableError`."""
    from tests.kafka.docker import DockerBroker, has_docker_daemon

    made: Broker
    if _has_java():
        made = Broker(folder, settings, passwords=passwords)
    elif not passwords and has_docker_daemon():
        made = DockerBroker(folder, settings)
    else:
        raise KafkaUnavailableError(_INSTALL_HINT)
    made.start()
    return made


def open_brokers(folder: Path, number: int, settings: Mapping[str, str] | None = None) -> list[Broker]:
    """Started brokers of one cluster, each with a folder of its own. Raises `KafkaUnavailableError`."""
    if not _has_java():
        raise KafkaUnavailableError(f"no Java and Maven here, which {number} brokers of one cluster need")
    made = [Broker(folder / f"broker-{each.node}", settings, "256m", each) for each in broker_nodes(number)]
    for each in made:
        each.launch()
    for each in made:
        each.await_listening()
    return made


def broker_nodes(number: int) -> list[BrokerNode]:
    cluster = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    controllers = [free_port() for _ in range(number)]
    return [BrokerNode(cluster, node, controllers) for node in range(1, number + 1)]


def _has_java() -> bool:
    return bool(os.environ.get("STAFFEL_KAFKA_JARS") or (shutil.which("java") and shutil.which("mvn")))


@cache
def jars() -> Path:
    """The folder of Kafka's jars: `STAFFEL_KAFKA_JARS`, or downloaded once by Maven. Raises `KafkaUnavailableError`."""
    configured = os.environ.get("STAFFEL_KAFKA_JARS")
    if configured:
        return Path(configured)
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "staffel" / "kafka-4.1.0"
    if not (folder / "complete").exists():
        _download_jars(folder)
    return folder


def _download_jars(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        command = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={made}"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            raise KafkaUnavailableError(f"Maven could not bring Kafka: {ended.stdout.strip()[-500:]}")
        (Path(made) / "complete").touch()
        shutil.copytree(made, folder, dirs_exist_ok=True)


def _die_with_parent() -> list[str]:
    # The broker dies with the tests, even where they are killed.
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
