"""Which module may import what: layers, purity, doors, owners, no circles."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source_files import (
    NON_PRODUCT,
    PACKAGES,
    ROOT,
    assert_none,
    imports,
    parsed,
    sources,
)

PURE = ("schemas", "scoring")
MAY_TOUCH_SQL = (
    "database/", "streams/sql/", "projections/", "intake/vault/", "intake/recorder/inbox",
    "intake/recorder/profiles/told_profiles.py", "alerts/outbox/",
    "staffel/migration/",
)  # fmt: skip
PURE_LIBRARIES = {"pydantic", "msgspec", "re2", "ruamel"}
IMPURE_MODULES = {
    "asyncio", "ctypes", "http", "io", "logging", "multiprocessing", "os", "queue", "random", "secrets", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}


def test_imports_go_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0
    assert kept, capsys.readouterr().out


def test_only_the_database_folders_touch_the_database_library() -> None:
    assert_none(
        f"{file}:{line} imports sqlalchemy"
        for file, tree in sources(*PACKAGES)
        for line, package in imports(tree)
        if package == "sqlalchemy" and not file.startswith(MAY_TOUCH_SQL)
    )


def test_the_pure_packages_import_nothing_that_could_reach_the_world() -> None:
    allowed = (sys.stdlib_module_names - IMPURE_MODULES) | PURE_LIBRARIES | set(PURE)
    assert_none(
        f"{file}:{line} imports {package}"
        for file, tree in sources(*PURE)
        for line, package in imports(tree)
        if package not in allowed
    )


def test_the_pure_packages_read_no_clock() -> None:
    assert_none(
        f"{file}:{node.lineno} calls .{node.func.attr}()"
        for file, tree in sources(*PURE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    )


def test_no_product_code_imports_the_tests_or_what_lies_beside_it() -> None:
    assert_none(
        f"{file}:{line} imports {package}"
        for file, tree in sources(*PACKAGES)
        for line, package in imports(tree)
        if package in NON_PRODUCT
    )


CONNECTORS = {"intake": {"access_log", "cloudevents"}}
"""Modules that other packages import as modules, when they are used."""


def test_other_packages_are_entered_by_their_doors() -> None:
    assert_none(
        f"{file}:{node.lineno} imports from {node.module}, which is no door"
        for file, tree in sources(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and is_foreign(file, node.module)
        if not all(is_offered(node.module, alias.name) for alias in node.names)
    )


def is_foreign(file: str, module: str) -> bool:
    package = module.partition(".")[0]
    return package in PACKAGES and package != file.partition("/")[0]


def is_offered(module: str, name: str) -> bool:
    return name in CONNECTORS.get(module, ()) or name in exports(module)


@cache
def exports(door: str) -> frozenset[str]:
    """`__all__` of a package; empty for a module."""
    file = ROOT / door.replace(".", "/") / "__init__.py"
    if not file.exists():
        return frozenset()
    lists = [node.value for node in parsed(file).body if isinstance(node, ast.Assign) and "__all__" in names_of(node)]
    return frozenset(ast.literal_eval(lists[0])) if lists else frozenset()


def names_of(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


DOORS = sorted(
    file.removesuffix("/__init__.py").replace("/", ".")
    for file, _ in sources(*PACKAGES)
    if file.endswith("/__init__.py") and exports(file.removesuffix("/__init__.py").replace("/", "."))
)


@pytest.mark.parametrize("door", DOORS)
def test_a_door_offers_what_it_lists_and_types_what_it_imports_on_use(door: str) -> None:
    package = import_module(door)
    typed = {
        (alias.name, node.module)
        for block in parsed(ROOT / door.replace(".", "/") / "__init__.py").body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(getattr(package, "_IMPORTED_ON_USE", {}).items()) == typed
    assert [name for name in exports(door) if not hasattr(package, name)] == []


def test_no_circle_of_files() -> None:
    assert_none(" -> ".join(circle) for circle in circles(file_imports()))


def file_imports() -> dict[str, set[str]]:
    """Module -> modules of the product that it imports, within functions too; a package is its `__init__`."""
    modules = {
        file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): tree for file, tree in sources(*PACKAGES)
    }
    found: dict[str, set[str]] = {}
    for module, tree in modules.items():
        names = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
            for name in [f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in modules else node.module]
        }
        found[module] = (names & modules.keys()) - {module}
    return found


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """A path back to each module that reaches itself."""
    for start in graph:
        paths, seen = [[start]], set()
        while paths:
            path = paths.pop()
            for following in graph[path[-1]]:
                if following == start:
                    yield [*path, start]
                    paths = []
                    break
                if following not in seen:
                    seen.add(following)
                    paths.append([*path, following])
