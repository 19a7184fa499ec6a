"""`staffel tail`: the newest records of a topic."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from schemas import TOPICS, terminal_cell
from staffel.cli.groups import examples
from staffel.cli.output import flush, json_line, print_line
from staffel.cli.session import AsJson, connected_application
from staffel.errors import UsageError
from streams import Log, Record, scan

commands = typer.Typer()


@commands.command("tail", epilog=examples("staffel tail sqa-handoffs --follow --json"))
def tail(
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="engagement, scores, sqa-handoffs, dead-letters …")
    ] = "engagement",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Number of records to start with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new records as they arrive.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the newest records of a topic, one per line."""
    if topic not in TOPICS:
        raise UsageError(f"{topic}: the topics are {', '.join(TOPICS)}")
    with connected_application() as application:
        ends = {p: application.log.end(topic, p) for p in range(application.log.partitions(topic))}
        positions = {p: max(0, end - limit) for p, end in ends.items()}
        while True:
            for partition, record in new_records(application.log, topic, positions):
                print_line(record_line(topic, partition, record, as_json))
            if not flush() or not follow:
                return
            application.log.wait({p: application.log.end("engagement", p) for p in ends}, 0.25)


def new_records(log: Log, topic: str, positions: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """Records from these positions on; advances the positions."""
    for partition, start in list(positions.items()):
        for record in scan(log, topic, partition, start, batch=500):
            positions[partition] = record.offset + 1
            yield partition, record


def record_line(topic: str, partition: int, record: Record, as_json: bool) -> str:
    if as_json:
        place = {"topic": topic, "partition": partition, "offset": record.offset, "key": record.key}
        return json_line({**place, "value": value_json(record)})
    return f"{partition}/{record.offset} {terminal_cell(record.key)} {terminal_cell(value_text(record))}"


def value_text(record: Record) -> str:
    return str(record.value.decode("utf-8", "backslashreplace"))


def value_json(record: Record) -> Any:
    """The value as JSON if it is valid JSON, else as text."""
    try:
        return msgspec.json.decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return value_text(record)
