"""What modules and public names may be called, and what no file may contain."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_files import (
    NON_PRODUCT,
    PACKAGES,
    ROOT,
    assert_none,
    rooms,
    sources,
)

NAMED_VERBS = {
    "append_once", "evolve", "explain", "migrate", "rebuild", "record_fact", "replay", "verify", "connect", "merging",
    "loading", "parking", "fencing", "ranking", "scoring", "gc_tuning", "client_logging", "embedded", "scaled_out",
    "mapping", "wording",
}  # fmt: skip
"""Module names that read as verbs or their forms and are the field's words."""
FORBIDDEN_WORDS = {
    "manager", "managers", "helper", "helpers", "util", "utils", "misc", "base", "lead", "leads", "hit", "hits",
}  # fmt: skip
FORBIDDEN_PATTERNS = {
    "a note instead of the work": re.compile(r"\b(TO[D]O|FIX[M]E)\b"),
    "a patch instead of a port": re.compile(r"\b(mock\.pat[c]h|monkeypatch\.seta[t]tr)\b"),
    "a pause instead of a condition": re.compile(r"\btime\.sle[e]p\b"),
    "a path of one machine": re.compile(r"(?<![\w.])/(wo[r]k|ho[m]e|Us[e]rs)/"),
}


def test_modules_are_named_by_nouns() -> None:
    assert_none(
        f"{folder}/{name}.py"
        for folder, names in rooms().items()
        for name in names
        if name.endswith(("ing", "ed")) and name not in NAMED_VERBS
    )


def test_every_module_and_package_says_what_it_is() -> None:
    assert_none(
        f"{file}:1 opens without a docstring"
        for file, tree in sources(*PACKAGES, *NON_PRODUCT)
        if ast.get_docstring(tree) is None and not (file.startswith("tests/") and not tree.body)
    )


def test_names_come_from_the_glossary() -> None:
    assert_none(
        f"{file}:{line} {name} (see docs/glossary.md)"
        for file, tree in sources(*PACKAGES)
        for line, name in public_names(file, tree)
        if is_forbidden(name)
    )


def public_names(file: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The module, what it defines on its top level, the members of its classes, the arguments of all of that."""
    yield 1, Path(file).stem
    for node in tree.body:
        yield from ((line, name) for line, name in names_of(node) if not name.startswith("_"))


def names_of(node: ast.stmt) -> Iterator[tuple[int, str]]:
    match node:
        case ast.ClassDef():
            yield node.lineno, node.name
            for member in node.body:
                yield from names_of(member)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("_"):
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.lineno, node.name
            yield from ((argument.lineno, argument.arg) for argument in [*node.args.args, *node.args.kwonlyargs])
        case ast.Assign():
            yield from ((node.lineno, target.id) for target in node.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield node.lineno, name


def is_forbidden(name: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return bool(FORBIDDEN_WORDS & words)


@pytest.mark.parametrize("what", FORBIDDEN_PATTERNS)
def test_nothing_is_left_over(what: str) -> None:
    texts = [file for file, _ in sources(*PACKAGES, *NON_PRODUCT)]
    texts += [
        str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.*"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]
    ]
    assert_none(
        f"{file}:{number} {line.strip()[:80]}"
        for file in texts
        if (ROOT / file).is_file()
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN_PATTERNS[what].search(line)
    )
