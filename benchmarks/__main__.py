"""`python -m benchmarks`: measure, print the table, write it as JSON to bench-results/."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import commands, embedded, growth, mailboxes
from benchmarks import fold as folding
from benchmarks.figures import Figure, table, write_json
from benchmarks.sizes import DEFAULT, FULL, TINY, Sizes

PARTS: dict[str, Callable[[Sizes], Iterator[Figure]]] = {
    "fold": folding.measure,
    "commands": commands.measure,
    "embedded": embedded.measure,
    "mailboxes": mailboxes.measure,
    "growth": growth.measure,
}


def main(arguments: list[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    sizes = FULL if options.full else TINY if options.tiny else DEFAULT
    figures: list[Figure] = []
    for part in options.parts or PARTS:
        for figure in PARTS[part](sizes):
            print(f"{figure.name}: {figure.value:,.4g} {figure.unit}", flush=True)
            figures.append(figure)
    print(f"\n{table(figures)}\n")
    print(f"written to {write_json(figures, options.into, 'bench.json')}")


def parser() -> argparse.ArgumentParser:
    argument_parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Staffel with its own functions."
    )
    argument_parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all where none is named")
    argument_parser.add_argument("--into", type=Path, default=Path("bench-results"), help="folder of the JSON")
    size = argument_parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="all that is aimed at, ten million facts: takes long")
    size.add_argument("--tiny", action="store_true", help="just enough to see that it runs")
    return argument_parser


if __name__ == "__main__":
    main()
