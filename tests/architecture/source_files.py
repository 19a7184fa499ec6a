"""The source files that the architecture tests read, and how they report a broken rule: `file:line what`."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "scoring", "database", "streams", "projections", "intake", "audit", "alerts", "staffel")
NON_PRODUCT = ("tests", "examples", "benchmarks")


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), parsed(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and top-level package of every import, those within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.partition(".")[0]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines of the body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def assert_none(violations: Iterable[str]) -> None:
    listed = list(violations)
    assert not listed, "\n".join(["", *listed])


def length(file: str) -> int:
    return len((ROOT / file).read_text(encoding="utf-8").splitlines())


def rooms() -> dict[str, list[str]]:
    """Folder of the product -> names of its modules."""
    folders: dict[str, list[str]] = {}
    for file, _ in sources(*PACKAGES):
        folder, _, module = file.rpartition("/")
        folders.setdefault(folder, []).extend([module.removesuffix(".py")] if module != "__init__.py" else [])
    return folders
