"""`python -m tests.fuzz`: fuzz each connector for some minutes, and replay what it finds without instrumentation.

Needs atheris (https://github.com/google/atheris). Corpora and findings stand in `fuzz-results/`. Exit code 1 if an
input raises an exception, or takes longer than a second when it is replayed.
"""

import argparse
import subprocess
import sys
import traceback
from pathlib import Path
from time import monotonic, process_time

from tests.fuzz.targets import REPLAY_LIMIT_S, seeds, targets
from tests.fuzz.worker import RESULTS

_MOST_FINDINGS = 10


def main() -> None:
    options = parser().parse_args()
    problems = [problem for name in options.targets or targets() for problem in campaign(name, options.minutes)]
    sys.stdout.write("\n".join(problems) + "\n" if problems else "no crash, no hang\n")
    sys.exit(bool(problems))


def parser() -> argparse.ArgumentParser:
    argument_parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the connectors.")
    argument_parser.add_argument("targets", nargs="*", help=f"of {', '.join(targets())}; all where none is named")
    argument_parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    return argument_parser


def campaign(name: str, minutes: float) -> list[str]:
    """Fuzz in processes of their own until the time is over; a finding ends a process, and the next one goes on."""
    corpus, findings = RESULTS / name / "corpus", RESULTS / name / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(content)
    sys.stderr.write(f"{name}: {minutes:g} minutes\n")
    ends_at = monotonic() + 60 * minutes
    with (RESULTS / name / "output.txt").open("wb") as output:
        while (seconds := ends_at - monotonic()) > 1 and len(list(findings.iterdir())) < _MOST_FINDINGS:
            command = [sys.executable, "-m", "tests.fuzz.worker", name, str(round(seconds))]
            if subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0:
                break
    return [problem for path in sorted(findings.iterdir()) if (problem := replayed(name, path)) is not None]


def replayed(name: str, path: Path) -> str | None:
    """What an input does without instrumentation; None if nothing is wrong with it."""
    content, started = path.read_bytes(), process_time()
    try:
        targets()[name](content)
    except Exception:
        return f"{name}: {path}: {traceback.format_exc(limit=-1).splitlines()[-1]}"
    seconds = process_time() - started
    return f"{name}: {path}: takes {seconds:.1f} s" if seconds > REPLAY_LIMIT_S else None


if __name__ == "__main__":
    main()
