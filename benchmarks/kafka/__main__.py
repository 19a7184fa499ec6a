"""`python -m benchmarks.kafka`: start a broker and a database, measure, print the table, write it as JSON."""

import argparse
import traceback
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from benchmarks.figures import table, write_json
from benchmarks.kafka.outcome import BenchmarkReport
from benchmarks.kafka.sizes import DEFAULT, TINY, Sizes

if TYPE_CHECKING:
    from benchmarks.kafka.servers import BenchmarkServers

JOBS = {
    "simple": "simple",
    "fold": "whole_fold",
    "recovery": "recovery",
    "project": "projector",
    "latency": "latency",
    "membership": "membership",
    "replay": "audit_replay",
}
"""Job -> module. Imported when its turn comes: processes of a replay import this module anew, and wait for it."""

SETTINGS = "4.1.0, one broker with 1 GB of heap, no sync of its own (as it comes); {partitions} partitions"


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 where something could not be measured, having measured the rest."""
    from benchmarks.kafka.servers import benchmark_servers

    options = parser().parse_args(arguments)
    sizes, outcome = TINY if options.tiny else DEFAULT, BenchmarkReport()
    outcome.settings["Apache Kafka"] = SETTINGS.format(partitions=sizes.partitions)
    with benchmark_servers() as servers:
        failed = [job for job in options.only or JOBS if not measure_job(job, servers, sizes, outcome)]
    print("\n".join(["", table(outcome.figures), "", *outcome.lines(), ""]))
    if options.tiny:
        print("a tiny run: that it runs and that the results are right is all it tells, its figures mean nothing")
    more = {"settings": outcome.settings, "absent": outcome.absent}
    print(f"written to {write_json(outcome.figures, options.into, 'bench-kafka.json', more)}")
    if failed:
        raise SystemExit(1)


def measure_job(job: str, servers: "BenchmarkServers", sizes: Sizes, outcome: BenchmarkReport) -> bool:
    """Whether all of it could be measured."""
    started = monotonic()
    try:
        for figure in import_module(f"benchmarks.kafka.{JOBS[job]}").measure(servers, sizes, outcome):
            print(f"{figure.name}: {figure.value:,.4g} {figure.unit}", flush=True)
            outcome.figures.append(figure)
    except Exception as trouble:  # whatever it is, the others can still be measured
        traceback.print_exc()
        outcome.absent[job] = f"{type(trouble).__name__}: {trouble}"
        return False
    print(f"({job} took {monotonic() - started:.0f} s)", flush=True)
    return True


def parser() -> argparse.ArgumentParser:
    argument_parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kafka", description="Measure Staffel on Apache Kafka."
    )
    argument_parser.add_argument(
        "--only", action="append", choices=list(JOBS), metavar="JOB", help=f"of {', '.join(JOBS)}"
    )
    argument_parser.add_argument("--into", type=Path, default=Path("bench-results"), help="folder of the JSON")
    argument_parser.add_argument("--tiny", action="store_true", help="just enough to see that it runs; brings no peers")
    return argument_parser


if __name__ == "__main__":
    main()
