"""The measurements run and tell: a table to read, JSON to keep. Never asserts a time."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main


def test_a_tiny_run_of_every_part_prints_its_table_and_writes_its_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--tiny", "--into", str(tmp_path)])
    told = json.loads((tmp_path / "bench.json").read_text())
    names = [figure["name"] for figure in told["figures"]]
    printed = capsys.readouterr().out
    assert len(names) == len(set(names)) == 15
    assert [name for name in names if printed.count(name) < 2] == []
    assert all(figure["value"] > 0 for figure in told["figures"])


def test_one_part_alone(tmp_path: Path) -> None:
    main(["fold", "--tiny", "--into", str(tmp_path)])
    told = json.loads((tmp_path / "bench.json").read_text())
    assert {figure["unit"] for figure in told["figures"]} == {"facts/s", "x", "bytes"}
