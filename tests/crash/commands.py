"""The installed command, in processes of its own. Never waits without an end."""

import os
import subprocess
import sys
from pathlib import Path

from tests.crash.case_runner import MODEL

ROOT = Path(__file__).parents[2]
LONGEST_S = 60


def environment(home: Path, **given: str) -> dict[str, str]:
    """That of whoever calls, without settings of Staffel but for these and the home."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("STAFFEL_")}
    ours = {"HOME": str(home), "MODEL": str(MODEL), **given}
    return outside | {"PYTHONPATH": str(ROOT)} | {f"STAFFEL_{name}": value for name, value in ours.items()}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from staffel.cli.main import main; main()", *arguments]


def staffel(home: Path, *arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments), env=environment(home, **given), capture_output=True, text=True, timeout=LONGEST_S
    )


def hosting(home: Path, **given: str) -> "subprocess.Popen[str]":
    """`staffel up`, once it says that it started."""
    process = subprocess.Popen(
        command("up"), env=environment(home, **given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "host_started" in first, first + process.stderr.read()
    return process
