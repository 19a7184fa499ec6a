"""Runs the `staffel` command in processes of its own, with timeouts."""

import os
import subprocess
import sys
from pathlib import Path

from tests.crash.case_runner import MODEL

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of the caller, with these settings of Staffel instead of its own."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("STAFFEL_")}
    own = {"HOME": str(home), "MODEL": str(MODEL), **settings}
    return outside | {"PYTHONPATH": str(ROOT)} | {f"STAFFEL_{name}": value for name, value in own.items()}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from staffel.cli.main import main; main()", *arguments]


def run_staffel(home: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments), env=environment(home, **settings), capture_output=True, text=True, timeout=TIMEOUT_S
    )


def start_host(home: Path, **settings: str) -> "subprocess.Popen[str]":
    """`staffel up`, after it has logged `host_started`."""
    process = subprocess.Popen(
        command("up"), env=environment(home, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "host_started" in first, first + process.stderr.read()
    return process
