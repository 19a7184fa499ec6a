"""Libraries: what is imported is asked for, what is asked for is imported and locked by hash."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source_files import NON_PRODUCT, PACKAGES, ROOT, assert_none, imports, sources

UNIMPORTED_LIBRARIES = {
    "tzdata": "zoneinfo finds its zones there",
    "setuptools": "pip builds the project with it",
    "pytest-timeout": "pytest loads it",
    "pytest-xdist": "pytest loads it",
    "ruff": "a command",
    "mypy": "a command",
    "check-jsonschema": "tests read the schema that it brings",
}
INSTALLED_ON_USE = {"atheris"}
"""By `make fuzz`."""


def test_every_library_asked_for_is_imported_and_the_other_way_round() -> None:
    known = packages_distributions()
    used = {canonicalize_name(known[package][0]) for package in foreign_imports() if package in known}
    asked = {canonicalize_name(requirement.name) for requirement in requirements()} - UNIMPORTED_LIBRARIES.keys()
    assert (sorted(asked - used), sorted(used - asked - {"packaging"} - INSTALLED_ON_USE)) == ([], [])


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
