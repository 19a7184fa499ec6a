"""How large functions, files and folders may be."""

import statistics
from collections import Counter

import pytest

from tests.architecture.source_files import (
    NON_PRODUCT,
    PACKAGES,
    assert_none,
    body_lines,
    functions,
    length,
    rooms,
    sources,
)

MAX_FILE_LINES, USUAL_FILE_LINES, MAX_TEST_FILE_LINES = 400, 250, 350
"""Lines: of any file, of nine files in ten, of a test file."""
MAX_FUNCTION_LINES, MAX_P90_FUNCTION_LINES, MAX_MEDIAN_FUNCTION_LINES = 45, 20, 6
DEEPEST = 2
"""Folders below a package."""
FEWEST_MODULES, MOST_MODULES = 3, 12
LARGER_FOLDERS = {"streams/worker": 13}
MANY_MODULES = {"staffel/cli": "a module per group of commands", "schemas/facts": "a module per family of facts"}
FEW_MODULES = {
    "database/migrations": "Alembic's environment",
    "database/migrations/vault": "named by revision",
    "database/migrations/versions": "named by revision",
    "intake/vault": "a place of its own",
    "projections/work": "tables of the reactors",
}
SAME_PREFIX = 2
"""Modules of a folder that may share a prefix; three are a folder."""


def test_files_stay_small() -> None:
    assert_none(
        f"{file}:{lines} lines, {most} at most"
        for file, lines, most in ((file, length(file), max_lines(file)) for file, _ in sources(*PACKAGES, *NON_PRODUCT))
        if lines > most
    )


def test_nine_files_in_ten_are_of_the_usual_size() -> None:
    lengths = sorted(length(file) for file, _ in sources(*PACKAGES))
    assert lengths[len(lengths) * 9 // 10] <= USUAL_FILE_LINES


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


@pytest.mark.parametrize("folder", sorted(rooms()))
def test_a_folder_has_as_many_modules_as_a_reader_can_hold(folder: str) -> None:
    modules = rooms()[folder]
    below = [other for other in rooms() if other.startswith(f"{folder}/")]
    if folder not in MANY_MODULES:
        assert len(modules) <= LARGER_FOLDERS.get(folder, MOST_MODULES)
    if folder not in FEW_MODULES and not below:
        assert len(modules) >= FEWEST_MODULES


@pytest.mark.parametrize("folder", sorted(rooms()))
def test_three_modules_with_one_prefix_are_a_folder(folder: str) -> None:
    prefixes = Counter(name.partition("_")[0] for name in rooms()[folder] if "_" in name and not name[0].isdigit())
    assert_none(
        f"{folder}: {count} modules begin with {prefix}_" for prefix, count in prefixes.items() if count > SAME_PREFIX
    )
