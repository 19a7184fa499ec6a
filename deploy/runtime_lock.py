"""Prints the part of requirements.lock that Staffel needs to be built and run, with the same pins and hashes.

python runtime_lock.py pyproject.toml requirements.lock
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

_ENTRY = re.compile(r"\n(?=\S)")
_NAME = re.compile(r"^([\w.-]+)")
_VIA = re.compile(r"^\s+#(?: via)?\s+([\w.-]+)", re.MULTILINE)


def runtime_lock(project: str, lock: str) -> str:
    """The entries of `lock` (text) for the dependencies and build requirements of `project` (text), in order."""
    told = tomllib.loads(project)
    asked = {name_of(line) for line in [*told["project"]["dependencies"], *told["build-system"]["requires"]]}
    entries = {name_of(entry): entry for entry in _ENTRY.split(lock.strip())}
    kept = below(asked, {name: set(_VIA.findall(entry)) for name, entry in entries.items()})
    return "\n".join(entry for name, entry in entries.items() if name in kept) + "\n"


def below(asked: Iterable[str], parents: dict[str, set[str]]) -> set[str]:
    """The names and their transitive dependencies."""
    kept: set[str] = set()
    found = set(asked)
    while found:
        kept |= found
        found = {name for name, via in parents.items() if via & kept} - kept
    return kept


def name_of(line: str) -> str:
    """`ruamel-yaml` of `ruamel.yaml>=0.18`."""
    named = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", named[1]).lower() if named else ""


if __name__ == "__main__":
    sys.stdout.write(runtime_lock(*(Path(name).read_text("utf-8") for name in sys.argv[1:])))
