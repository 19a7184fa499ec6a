"""The page of guarantees names existing tests."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEST_REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_named_by_the_guarantees_exists() -> None:
    named = TEST_REFERENCE.findall((ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    assert [f"{file}::{name}" for file, name in named if name not in functions_of(ROOT / file)] == []


def functions_of(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}
