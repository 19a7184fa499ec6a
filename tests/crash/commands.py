"""The installed command, in processes of its own. Never waits without an end."""

import os
import subprocess
import sys
from pathlib import Path

from tests.crash.case_runner import MODEL

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60


def environment(home: Path, **settings: str) -> dict[str, str]:
    """That of whoever calls, without settings of Staffel but for these and the home."""
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
    """`staffel up`, once it says that it started."""
    process = subprocess.Popen(
        command("up"), env=environment(home, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "host_started" in first, first + process.stderr.read()
    return process
