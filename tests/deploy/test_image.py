"""The image, as far as it can be tested without an engine: the Dockerfile, and its scripts, which are run."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.runtime_lock import runtime_lock
from tests.deploy.compose import PORT, ROOT, long_running_services
from tests.kafka.broker import free_port

KNOWN_INSTRUCTIONS = {
    *("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL"),
    *("USER", "WORKDIR"),
}
PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
KEPT = runtime_lock(PROJECT, LOCK)


class Instruction(NamedTuple):
    name: str
    arguments: str


def instructions() -> list[Instruction]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [Instruction(*line.split(None, 1)) for line in lines if line.strip()]


def arguments_of(name: str) -> list[str]:
    return [" ".join(instruction.arguments.split()) for instruction in instructions() if instruction.name == name]


def copied_paths() -> Iterator[str]:
    """Every file or folder of the repository that is copied into the image."""
    for rest in arguments_of("COPY"):
        words = [word for word in rest.split() if not word.startswith("--")]
        if "--from=" not in rest:
            yield from words[:-1]


def test_every_instruction_is_a_docker_instruction() -> None:
    assert {instruction.name for instruction in instructions()} <= KNOWN_INSTRUCTIONS
    assert [instruction.name for instruction in instructions()][:2] == ["ARG", "FROM"]


def test_what_is_copied_exists_and_reaches_the_builder() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert ignored[0] == "*"
    assert [source for source in copied_paths() if not (ROOT / source).exists()] == []
    assert set(copied_paths()) == allowed


def test_every_package_is_copied() -> None:
    packages = tomllib.loads(PROJECT)["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {package.rstrip("*") for package in packages} <= set(copied_paths())


def test_no_secret_and_no_test_reaches_the_image() -> None:
    assert [
        source
        for source in copied_paths()
        for name in (".env*", "*password*", "tests*", ".git*")
        if fnmatch(source, name)
    ] == []


def test_the_parent_images_are_pinned_and_equal() -> None:
    assert re.fullmatch(r"PYTHON=3\.\d+\.\d+-slim-\w+", arguments_of("ARG")[0])
    assert arguments_of("FROM") == ["python:${PYTHON} AS build", "python:${PYTHON}"]


def test_it_needs_no_root_and_listens_where_it_is_asked() -> None:
    assert arguments_of("USER") == ["10001:10001"]
    assert arguments_of("EXPOSE") == [str(PORT)]
    assert arguments_of("STOPSIGNAL") == ["SIGTERM"]
    (environment,) = (rest for rest in arguments_of("ENV") if "STAFFEL" in rest)
    assert "STAFFEL_LISTEN=0.0.0.0" in environment
    assert "PYTHONDONTWRITEBYTECODE=1" in environment


def test_its_health_check_is_that_of_the_compose_file() -> None:
    (check,) = arguments_of("HEALTHCHECK")
    tests = {tuple(service["healthcheck"]["test"]) for service in long_running_services().values()}
    assert {("CMD", *re.findall(r'"([^"]+)"', check))} == tests


def test_the_image_contains_exactly_what_running_needs() -> None:
    names = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", KEPT, re.MULTILINE)}
    project = tomllib.loads(PROJECT)
    waiting = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    needed: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if is_required(requirement, {""}) and name not in needed:
            needed.add(name)
            below = (Requirement(line) for line in distribution(name).requires or ())
            waiting += [str(each) for each in below if is_required(each, extras)]
    assert sorted(needed - names) == []
    assert {"pytest", "mypy", "ruff", "hypothesis", "jsonschema"} & names == set()


def is_required(requirement: Requirement, extras: set[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in {*extras, ""})


def test_its_packages_are_pinned_by_hash_as_in_the_lock() -> None:
    entries = re.split(r"\n(?=\S)", KEPT.strip())
    assert len(entries) > 50
    assert [entry for entry in entries if entry not in LOCK or "--hash=sha256:" not in entry] == []


@pytest.fixture
def started(tmp_path: Path) -> dict[str, str]:
    """An environment whose `staffel` prints how it was started."""
    program = tmp_path / "staffel"
    program.write_text(
        '#!/bin/sh\necho "$STAFFEL_LOG" "$PGPASSWORD" "$STAFFEL_LOGS" "${PGPASSWORD_FILE:-unset}" "$@"\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "STAFFEL_LOGS": "json"}


def run_entrypoint(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = ["sh", str(ROOT / "deploy" / "entrypoint.sh"), "worker", "--port", "8800"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)


def test_secrets_come_from_files(started: dict[str, str], tmp_path: Path) -> None:
    for name, content in (("password", "a b'$c\n"), ("log", "kafka://h:1?sasl_plain_password=x\n")):
        (tmp_path / name).write_text(content)
    named_files = {"PGPASSWORD_FILE": str(tmp_path / "password"), "STAFFEL_LOG_FILE": str(tmp_path / "log")}
    result = run_entrypoint({**started, **named_files})
    assert result.stdout == "kafka://h:1?sasl_plain_password=x a b'$c json unset worker --port 8800\n", result.stderr


def test_a_missing_secret_is_reported_and_nothing_starts(started: dict[str, str]) -> None:
    result = run_entrypoint({**started, "PGPASSWORD_FILE": "/run/secrets/nothing"})
    assert (result.returncode != 0, result.stdout) == (True, "")
    assert "/run/secrets/nothing" in result.stderr


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_check_follows_healthz(status: int, code: int) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """No output."""

    server = HTTPServer(("127.0.0.1", 0), Health)
    Thread(target=server.serve_forever, daemon=True).start()
    assert health_exit_code(server.server_port) == code
    server.shutdown()


def test_the_check_fails_if_nothing_listens() -> None:
    assert health_exit_code(free_port()) == 1


def health_exit_code(port: int) -> int:
    script = str(ROOT / "deploy" / "healthy.py")
    return subprocess.run([sys.executable, "-IS", script, str(port)], capture_output=True, timeout=30).returncode
