"""Homes for commands: an empty one for each test, and the medtech example, built once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from staffel.settings import Settings
from tests import databases

STAFFEL = Path(sys.executable).parent / "staffel"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a home that `staffel init` has left there; its model is the default one."""
    for setting in Settings.model_fields:
        monkeypatch.delenv(f"STAFFEL_{setting.upper()}", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return databases.home_with_log(tmp_path / ".staffel")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home of the medtech example, and the output of `demo --json`."""
    folder = tmp_path_factory.mktemp("medtech")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STAFFEL_")}
    ended = subprocess.run([STAFFEL, "demo", "--json"], cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return folder / ".demo", ended.stdout


@pytest.fixture
def medtech(played: tuple[Path, str], home: Path) -> Path:
    """A copy of the medtech year as the home of this test."""
    shutil.copytree(played[0], home, dirs_exist_ok=True)
    return home
