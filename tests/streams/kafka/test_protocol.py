"""The part of kafka-python below its public clients: it exists, and only one module uses it."""

import ast
from pathlib import Path

import streams.kafka
from streams.kafka.protocol import INTERNALS

PUBLIC = {"kafka", "kafka.admin", "kafka.errors"}


def test_every_internal_name_exists() -> None:
    assert [
        (owner, name) for owner, names in INTERNALS.items() for name in names.split() if not hasattr(owner, name)
    ] == []


def test_only_one_module_imports_internals() -> None:
    folder = Path(streams.kafka.__path__[0])
    users = {file.name for file in folder.glob("*.py") if kafka_modules(file) - PUBLIC}
    assert users == {"protocol.py"}


def kafka_modules(file: Path) -> set[str]:
    """Modules of kafka-python that a file imports."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in names if name == "kafka" or name.startswith("kafka.")}
