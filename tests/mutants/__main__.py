"""`python -m tests.mutants`: breaks copies of the code, one mutant at a time, and asks the tests. Never this tree.

Ends with 1 where a mutant survives, where its old text is not there any more (or more than once), or where a rule has
none. Arguments choose rules by number.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from tests.mutants.contribution_mutants import CONTRIBUTION_MUTANTS
from tests.mutants.model_mutants import MODEL_MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.service_level_mutants import SERVICE_LEVEL_MUTANTS
from tests.mutants.stage_mutants import STAGE_MUTANTS

ROOT = Path(__file__).parents[2]
RULES = (*range(1, 35), 37)
MUTANTS = (*MODEL_MUTANTS, *CONTRIBUTION_MUTANTS, *STAGE_MUTANTS, *SERVICE_LEVEL_MUTANTS)
COPIES = 2
TIMEOUT_S = 120
SKIPPED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "bench-results", "node_modules")
FAILED, PASSED = 1, 0


def main(chosen: list[str]) -> int:
    mutants = [each for each in MUTANTS if not chosen or {str(rule) for rule in each.rules} & set(chosen)]
    problems = [] if chosen else [f"rule {rule} has no mutant" for rule in RULES if rule not in covered_rules(MUTANTS)]
    with TemporaryDirectory(prefix="staffel-mutants-") as folder, ThreadPoolExecutor(COPIES) as pool:
        copies: Queue[Path] = Queue()
        for number in range(COPIES):
            copies.put(Path(shutil.copytree(ROOT, Path(folder) / str(number), ignore=SKIPPED)))
        problems += [each for each in pool.map(lambda each: run_in_copy(each, copies), control_runs(mutants)) if each]
        for mutant, trouble in zip(mutants, pool.map(lambda each: run_in_copy(each, copies), mutants), strict=True):
            print_line(f"{'killed  ' if trouble is None else trouble.upper()} {mutant.name}")
            problems += [] if trouble is None else [f"{trouble}: {mutant.name}"]
    print_line(
        "\n".join(
            [f"{len(mutants)} mutants of {len(covered_rules(mutants))} rules, {len(problems)} troubles", *problems]
        )
    )
    return 1 if problems else 0


def covered_rules(mutants: tuple[Mutant, ...] | list[Mutant]) -> set[int]:
    return {rule for each in mutants for rule in each.rules}


def control_runs(mutants: list[Mutant]) -> list[Mutant]:
    """One for each file of tests, which breaks nothing: they have to pass as things are."""
    chosen: dict[str, list[str]] = {}
    for each in mutants:
        chosen.setdefault(each.tests[0], []).append(each.tests[2] if len(each.tests) > 2 else "test")
    return [Mutant((), "", "", "", (file, "-k", " or ".join(words))) for file, words in chosen.items()]


def run_in_copy(mutant: Mutant, copies: "Queue[Path]") -> str | None:
    """None where the tests judge as they should, else what is wrong."""
    copy = copies.get()
    try:
        if not mutant.rules:
            return None if pytest_exit_code(mutant, copy) == PASSED else f"{mutant.tests[0]} fails without any mutant"
        return next(problems_of(mutant, copy), None)
    finally:
        copies.put(copy)


def problems_of(mutant: Mutant, copy: Path) -> Iterator[str]:
    file = copy / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        yield f"old text found {text.count(mutant.old)} times"
        return
    write_source(file, text.replace(mutant.old, mutant.new))
    verdict = pytest_exit_code(mutant, copy)
    write_source(file, text)
    if verdict == PASSED:
        yield "survived"
    elif verdict != FAILED:
        yield f"tests could not run (pytest ended with {verdict})"


def write_source(file: Path, text: str) -> None:
    """And forget what was compiled of it: two texts of one size may be written within a second."""
    file.write_text(text, encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


def pytest_exit_code(mutant: Mutant, copy: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *mutant.tests]
    try:
        return subprocess.run(command, cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def print_line(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
