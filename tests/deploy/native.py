"""The services of docker-compose.yml as local processes: same commands, same environment, other paths and ports.

Host names, ports and mounted files are replaced by those of the test. No container engine is needed.
"""

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tests.deploy.compose import PORT, ROOT, compose_file, services
from tests.kafka import broker
from tests.requirements import skip_or_fail
from tests.shutdown import SHUTDOWN

HEALTHY_S = 150
POLL_S = 0.2
SHARE = "/opt/staffel/share"
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
"""Started processes die with the tests, even if these are killed."""


class Service:
    """The running command of a container; `port` replaces the one it listens on inside."""

    def __init__(self, name: str, folder: Path, addresses: Mapping[str, str], **more: str) -> None:
        self.name, self.port = name, broker.free_port()
        self._log = folder / f"{name}-{self.port}.log"
        self._environment = environment(name, addresses) | more
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder

    def start(self, command: list[str] | None = None) -> "Service":
        arguments = [part.replace(str(PORT), str(self.port)) for part in command or services()[self.name]["command"]]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*DIE_WITH_PARENT, "sh", str(ROOT / "deploy" / "entrypoint.sh"), *arguments],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        SHUTDOWN.callback(self.kill)
        return self

    def wait(self) -> int:
        """The exit code of a command that ends by itself."""
        return self.running.wait(HEALTHY_S)

    def stop(self) -> int:
        """Stop like `docker compose stop`; returns the exit code. Raises TimeoutExpired where Docker would kill."""
        self.running.terminate()
        return self.running.wait(float(services()[self.name]["stop_grace_period"].removesuffix("s")))

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def await_healthy(self) -> None:
        """Wait until the health check of the compose file succeeds."""
        check = health_check_command(self.name, {str(PORT): str(self.port), SHARE: str(ROOT / "deploy")})
        wait_until(
            lambda: self.alive() and subprocess.run(check, capture_output=True).returncode == 0, self.diagnostics
        )

    def alive(self) -> bool:
        assert self.running.poll() is None, self.diagnostics()
        return True

    def output(self) -> str:
        return self._log.read_text()

    def diagnostics(self) -> str:
        return f"{self.name}, exit {self.running.poll()}, {self.page('/readyz')}: {self._log.read_text()[-3000:]}"

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page; 0 if nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        return self.alive() and self.page("/readyz")[0] == 200

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process


def environment(name: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """The environment of the container, with local paths and ports."""
    own = {variable: str(value) for variable, value in services()[name]["environment"].items()}
    mounted = {**mounts(name), **secrets(name), **addresses}
    found = {variable: with_addresses(value, mounted) for variable, value in own.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **found}


def mounts(name: str) -> dict[str, str]:
    pairs = [volume.split(":") for volume in services()[name].get("volumes", [])]
    return {inside: str(ROOT / outside) for outside, inside, *_ in pairs}


def secrets(name: str) -> dict[str, str]:
    files = {secret: compose_file()["secrets"][secret]["file"] for secret in services()[name].get("secrets", [])}
    return {f"/run/secrets/{secret}": str(ROOT / file) for secret, file in files.items()}


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    for inside, outside in addresses.items():
        text = text.replace(inside, outside)
    return text


def health_check_command(name: str, addresses: Mapping[str, str]) -> list[str]:
    """The health check of a service, on this machine."""
    test = [with_addresses(part, addresses) for part in services()[name]["healthcheck"]["test"][1:]]
    return [sys.executable if part == "python" else part for part in test]


def wait_until(condition: Callable[[], bool], diagnostics: Callable[[], str] = str, seconds: float = HEALTHY_S) -> None:
    deadline, pause = monotonic() + seconds, Event()
    while not condition():
        assert monotonic() < deadline, diagnostics()
        pause.wait(POLL_S)


class Kafka:
    """The service `kafka` as a Java process, with the settings that the image reads from its environment."""

    def __init__(self, folder: Path) -> None:
        try:
            self._jars = broker.jars()
        except broker.KafkaUnavailableError as error:
            skip_or_fail("kafka", str(error))
        self._folder = folder
        self._ports = {port: str(broker.free_port()) for port in ("9092", "9093", "9094")}
        variables: Mapping[str, Any] = services()["kafka"]["environment"]
        folder.mkdir()
        (folder / "server.properties").write_text(self._properties(variables))
        self._run("kafka.tools.StorageTool", "format", "-t", variables["CLUSTER_ID"], "-c", "server.properties")
        with (folder / "log").open("wb") as log:
            command = [*DIE_WITH_PARENT, *self._java("kafka.Kafka", "server.properties")]
            self._process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        SHUTDOWN.callback(self._process.kill)
        self._await_healthy()

    def address_of(self, port: str) -> str:
        """HOST:PORT of a listener."""
        return f"127.0.0.1:{self._ports[port]}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _properties(self, variables: Mapping[str, Any]) -> str:
        """`KAFKA_LOG_DIRS` is `log.dirs`; settings of Java itself are omitted."""
        named = {
            name.removeprefix("KAFKA_"): str(value) for name, value in variables.items() if name.startswith("KAFKA_")
        }
        settings = {
            name.lower().replace("_", "."): self._local_text(text)
            for name, text in named.items()
            if name != "HEAP_OPTS"
        }
        return "\n".join(f"{name}={value}" for name, value in settings.items())

    def _local_text(self, text: str) -> str:
        text = text.replace("/var/lib/kafka/data", str(self._folder / "records"))
        return re.sub(r"(?:kafka|localhost|(?<=//)):(909[234])", lambda found: self.address_of(found[1]), text)

    def _await_healthy(self) -> None:
        check = health_check_command("kafka", self._ports)
        said = (self._folder / "log").read_text
        wait_until(lambda: subprocess.run(check, capture_output=True).returncode == 0, lambda: said()[-3000:])

    def _java(self, *arguments: str) -> list[str]:
        heap = services()["kafka"]["environment"]["KAFKA_HEAP_OPTS"].split()
        return ["java", *heap, "-XX:TieredStopAtLevel=1", "-cp", f"{self._jars}/*", *arguments]

    def _run(self, *arguments: str) -> None:
        result = subprocess.run(self._java(*arguments), cwd=self._folder, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
