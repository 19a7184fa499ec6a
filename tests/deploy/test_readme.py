"""The README's section on Apache Kafka, run literally on a broker and a PostgreSQL server of the tests."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests import databases
from tests.requirements import kafka_server

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"<!-- on kafka -->\n```sh\n(.*?)```", re.DOTALL)
TIMEOUT_S = 280

pytestmark = [pytest.mark.timeout(TIMEOUT_S + 20)]


def blocks() -> list[str]:
    return BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def with_test_addresses(script: str, folder: Path) -> str:
    """The same script, with broker and database of the tests, and free ports."""
    kafka = f"kafka://{kafka_server()}?prefix=readme-{uuid4().hex[:8]}."
    for name, place in {"LOG": kafka, "DATABASE": databases.empty_database("postgresql", folder)}.items():
        script, times = re.subn(rf"(export STAFFEL_{name})=\S+", rf"\g<1>='{place}'", script)
        assert times == 1, f"the README sets STAFFEL_{name} {times} times"
    return re.sub(r"^(staffel \w+) &$", r"\1 --port 0 &", script, flags=re.MULTILINE)


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run by a shell that stops at the first failure; background processes end with it."""
    ending = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-c", f"set -e\n{ending}\n{script}"]
    env = {**os.environ, "PATH": path, "COLUMNS": "120"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)


def test_following_the_readme_shows_accounts_and_an_audit_without_mismatches(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    result = run(with_test_addresses("\n".join(blocks()), tmp_path), tmp_path)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    assert "brennerbio.example" in result.stdout
    assert "PROBLEM" not in result.stdout
    assert re.search(r"17 accounts, \d+ facts, 0 mismatches", result.stdout)
    now, then = (json.loads((tmp_path / name).read_text()) for name in ("now.json", "then.json"))
    assert [(row["account"], row["tracks"]) for row in now["accounts"]] == [
        (row["account"], row["tracks"]) for row in then["accounts"]
    ]
