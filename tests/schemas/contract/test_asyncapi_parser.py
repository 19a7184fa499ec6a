"""The contract as the AsyncAPI initiative's own parser reads it. Needs node and npm; the parser is brought once."""

import json
import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from schemas.contract.__main__ import FOLDER
from schemas.contract.asyncapi import asyncapi_document, asyncapi_yaml
from schemas.topics import TOPICS
from tests.requirements import skip_or_fail

PROGRAM_FOLDER = Path(__file__).parent / "asyncapi"
PACKAGE = ("package.json", "package-lock.json", ".npmrc")
TIMEOUT_S = 240


@pytest.fixture(scope="module")
def program() -> Path:
    """`check.mjs` beside its libraries, in a cache outside of the repository that is named by the lock."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip_or_fail("node", "no node and npm here, which the parser of AsyncAPI needs; apt-get install nodejs npm")
    lock = sha256((PROGRAM_FOLDER / "package-lock.json").read_bytes()).hexdigest()[:12]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "staffel"
    folder = caches / f"asyncapi-{lock}"
    if not (folder / "complete").exists():
        install_packages(folder)
    return Path(shutil.copy(PROGRAM_FOLDER / "check.mjs", folder))


def install_packages(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        for name in PACKAGE:
            shutil.copy(PROGRAM_FOLDER / name, made)
        ended = subprocess.run(["npm", "ci"], cwd=made, capture_output=True, text=True, timeout=TIMEOUT_S)
        if ended.returncode:
            skip_or_fail("node", f"npm could not bring the parser of AsyncAPI: {ended.stderr.strip()[-500:]}")
        (Path(made) / "complete").touch()
        shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)


def run_parser(program: Path, contract: Path) -> tuple[int, Any]:
    command = ["node", str(program), str(contract)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)


def test_the_published_contract_is_valid_asyncapi(program: Path) -> None:
    code, output = run_parser(program, FOLDER / "asyncapi.yaml")
    assert (code, output["problems"]) == (0, [])
    assert output["read"] == {
        "version": asyncapi_document()["asyncapi"],
        "channels": list(TOPICS),
        "messages": len(asyncapi_document()["components"]["messages"]),
    }


@pytest.mark.parametrize(
    ("part", "instead", "code"),
    [
        ("protocol: kafka", "port: kafka", "asyncapi-document-resolved"),
        ("partitions: 6", "partitions: none", "asyncapi-document-resolved"),
        ("components/messages/fact'", "components/messages/fiction'", "invalid-ref"),
    ],
)
def test_a_spoilt_contract_is_refused(part: str, instead: str, code: str, program: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(asyncapi_yaml().replace(part, instead), "utf-8")
    exits, output = run_parser(program, spoilt)
    assert (exits, {problem["code"] for problem in output["problems"]}) == (1, {code})
