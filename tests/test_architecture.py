"""The shape that the code keeps: who imports what, how long things are, what they are called. Never what the code does.

A rule that is broken tells every place, as `file:line what`.
"""

import ast
import re
import statistics
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "scoring", "database", "streams", "projections", "intake", "audit", "alerts", "staffel")
PURE = ("schemas", "scoring")
NON_PRODUCT = ("tests", "examples", "benchmarks")

MAX_FILE_LINES, MAX_TEST_FILE_LINES = 250, 350
MAX_FUNCTION_LINES, MAX_P90_FUNCTION_LINES, MAX_MEDIAN_FUNCTION_LINES = 45, 20, 6

MAY_TOUCH_SQL = (
    "database/", "streams/sql", "projections/", "intake/vault", "intake/recorder/", "alerts/outbox.py",
    "staffel/migration/",
)  # fmt: skip
DEEPEST = 2
"""Folders below a package."""
PURE_LIBRARIES = {"pydantic", "msgspec", "re2", "ruamel"}
IMPURE_MODULES = {
    "asyncio", "ctypes", "http", "io", "logging", "multiprocessing", "os", "queue", "random", "secrets", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
UNIMPORTED_LIBRARIES = {
    "tzdata": "zoneinfo finds its zones there",
    "setuptools": "pip builds the project with it",
    "pytest-timeout": "pytest loads it",
    "pytest-xdist": "pytest loads it",
    "ruff": "a command",
    "mypy": "a command",
    "check-jsonschema": "tests read the schema that it brings",
}

FORBIDDEN_WORDS = {
    "manager", "helper", "helpers", "util", "utils", "base", "service", "processor", "data",
    "lead", "leads", "user", "users", "company", "companies", "hit", "hits", "job", "jobs",
}  # fmt: skip
ALLOWED_PHRASES = {
    "data": "the attribute of CloudEvents, as it is called on the wire",
    "largest_data": "the bound of that attribute",
    "handle_data": "the parser of the standard library calls it so",
    "service_level": "a word of the glossary",
    "service_level_passed": "the kind of alert, as the file of the channels writes it",
    "model_service": "the service level as the model writes it",
    "small_company": "a word of the model language",
    "user_agent": "the header of HTTP",
}
# What a source calls a company is not an account yet: intake may speak of it, and its table of the vault.
MAY_SAY_COMPANY = ("intake/", "intake/vault/tables.py")

FORBIDDEN_PATTERNS = {
    "a note instead of the work": re.compile(r"\b(TO[D]O|FIX[M]E)\b"),
    "a patch instead of a port": re.compile(r"\b(mock\.pat[c]h|monkeypatch\.seta[t]tr)\b"),
    "a pause instead of a condition": re.compile(r"\btime\.sle[e]p\b"),
    "a path of one machine": re.compile(r"(?<![\w.])/(wo[r]k|ho[m]e|Us[e]rs)/"),
}


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


def test_files_stay_small() -> None:
    assert_none(
        f"{file}:{lines} lines, {most} at most"
        for file, lines, most in (
            (file, len((ROOT / file).read_text().splitlines()), max_lines(file))
            for file, _ in sources(*PACKAGES, *NON_PRODUCT)
        )
        if lines > most
    )


def max_lines(file: str) -> int:
    return MAX_TEST_FILE_LINES if file.startswith("tests/") else MAX_FILE_LINES


def test_no_function_is_long() -> None:
    assert_none(
        f"{file}:{function.lineno} {function.name}: {body_lines(function)} lines, {MAX_FUNCTION_LINES} at most"
        for file, tree in sources(*PACKAGES, *NON_PRODUCT)
        for function in functions(tree)
        if body_lines(function) > MAX_FUNCTION_LINES
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short_as_a_rule(package: str) -> None:
    lengths = sorted(body_lines(function) for _, tree in sources(package) for function in functions(tree))
    usual, long = statistics.median(lengths), lengths[len(lengths) * 9 // 10]
    assert usual <= MAX_MEDIAN_FUNCTION_LINES, f"half of the functions of {package} have {usual} lines or more"
    assert long <= MAX_P90_FUNCTION_LINES, f"a tenth of the functions of {package} have {long} lines or more"


def test_folders_are_two_deep_at_most() -> None:
    assert_none(file for file, _ in sources(*PACKAGES, *NON_PRODUCT) if file.count("/") - 1 > DEEPEST)


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
        if is_forbidden(file, name)
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


def is_forbidden(file: str, name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if "_".join(words) in ALLOWED_PHRASES:
        return False
    forbidden = FORBIDDEN_WORDS & set(words)
    return bool(forbidden - {"company", "companies"} if file.startswith(MAY_SAY_COMPANY) else forbidden)


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


def test_every_library_asked_for_is_imported_and_the_other_way_round() -> None:
    known = packages_distributions()
    used = {canonicalize_name(known[package][0]) for package in foreign_imports() if package in known}
    asked = {canonicalize_name(requirement.name) for requirement in requirements()} - UNIMPORTED_LIBRARIES.keys()
    assert (sorted(asked - used), sorted(used - asked - {"packaging"})) == ([], [])


def foreign_imports() -> set[str]:
    own = {*PACKAGES, *NON_PRODUCT, *sys.stdlib_module_names}
    return {package for _, tree in sources(*PACKAGES, *NON_PRODUCT) for _, package in imports(tree)} - own


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]


def test_the_lock_holds_what_the_project_asks_for() -> None:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version in pins}
    assert_none(
        f"{asked}: {locked.get(canonicalize_name(asked.name))} is locked; make lock"
        for asked in requirements()
        if not asked.specifier.contains(locked.get(canonicalize_name(asked.name), ""), prereleases=True)
    )


def test_the_lock_names_no_place_to_load_from_and_every_file_by_its_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert_none(entry[:60] for entry in entries if "--hash=sha256:" not in entry or "://" in entry)
