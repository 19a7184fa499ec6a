"""A Kafka broker in a container of its own, for machines without Java."""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import uuid4

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.kafka.broker import Broker
from tests.kafka.settings import DEADLINE_S, SETTINGS, KafkaUnavailableError, free_port
from tests.shutdown import SHUTDOWN

IMAGE = "apache/kafka:4.1.0"
_CONTAINER_PORT, _CONTROLLER_PORT = 9092, 9093
_POLL_S = 0.2
_SIGNALS = {signal.SIGSTOP: "pause", signal.SIGCONT: "unpause"}


class DockerBroker(Broker):
    """The same as `Broker`; its records are in the container, which is removed after the tests."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`folder` is not used: the records stay in the container."""
        port = free_port()
        self.server = f"127.0.0.1:{port}"
        self._container = f"staffel-kafka-{uuid4().hex[:12]}"
        addresses = {
            "node.id": "1",
            "controller.quorum.voters": f"1@localhost:{_CONTROLLER_PORT}",
            "listeners": f"CLIENTS://:{_CONTAINER_PORT},CONTROLLER://:{_CONTROLLER_PORT}",
            "advertised.listeners": f"CLIENTS://{self.server}",
        }
        environment_options = environment_of({**SETTINGS, **addresses, **(settings or {})})
        SHUTDOWN.callback(subprocess.run, ["docker", "rm", "--force", self._container], capture_output=True)
        run_docker(
            "create",
            "--name",
            self._container,
            "--publish",
            f"{self.server}:{_CONTAINER_PORT}",
            *environment_options,
            IMAGE,
        )

    def start(self) -> None:
        run_docker("start", self._container)
        await_broker(self.server)

    def kill(self) -> None:
        run_docker("kill", "--signal", "KILL", self._container)

    def stop(self) -> None:
        run_docker("stop", "--time", str(DEADLINE_S), self._container)

    def signal(self, number: signal.Signals) -> None:
        run_docker(_SIGNALS[number], self._container)


def environment_of(settings: Mapping[str, str]) -> list[str]:
    """Settings as the image expects them: `node.id` is KAFKA_NODE_ID."""
    pairs = ((f"KAFKA_{name.replace('.', '_').upper()}", value) for name, value in settings.items())
    return [part for name, value in pairs for part in ("--env", f"{name}={value}")]


def run_docker(*arguments: str) -> None:
    ended = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if ended.returncode:
        raise KafkaUnavailableError(f"docker {arguments[0]}: {ended.stderr.strip()[-500:]}")


@cache
def has_docker_daemon() -> bool:
    return bool(shutil.which("docker")) and not subprocess.run(["docker", "info"], capture_output=True).returncode


def await_broker(server: str) -> None:
    """Wait for an answer of the broker: the port of a container is open before it listens."""
    pause, deadline = Event(), monotonic() + DEADLINE_S
    while monotonic() < deadline:
        with suppress(KafkaError):
            KafkaAdminClient(bootstrap_servers=server, bootstrap_timeout_ms=2_000).close()
            return
        pause.wait(_POLL_S)
    raise KafkaUnavailableError(f"the broker in Docker did not answer at {server} in {DEADLINE_S} s")
