"""`staffel tail`: the newest records of a topic. Never changes a record."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from staffel.cli.output import flush, plain, say
from staffel.cli.session import AsJson, connected
from staffel.errors import Usage


def tail(
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="engagement, scores, sqa-handoffs, dead-letters …")
    ] = "engagement",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many of the newest to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until stopped.")] = False,
    as_json: AsJson = False,
) -> None:
    """The newest records of a topic, one a line."""
    from schemas.topics import TOPICS

    if topic not in TOPICS:
        raise Usage(f"{topic}: the topics are {', '.join(TOPICS)}")
    with connected() as staffel:
        ends = {p: staffel.log.end(topic, p) for p in range(staffel.log.partitions(topic))}
        starts = {p: max(0, end - limit) for p, end in ends.items()}
        while True:
            for partition, record in records_from(staffel.log, topic, starts):
                say(line_of(topic, partition, record, as_json))
            if not flush() or not follow:
                return
            staffel.log.wait({p: staffel.log.end("engagement", p) for p in ends}, 0.25)


def records_from(log: Any, topic: str, starts: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """What stands from the starts on; the starts move behind it."""
    for partition in starts:
        while records := log.read(topic, partition, starts[partition], 500):
            yield from ((partition, record) for record in records)
            starts[partition] = records[-1].offset + 1


def line_of(topic: str, partition: int, record: Any, as_json: bool) -> str:
    if as_json:
        import msgspec

        place = {"topic": topic, "partition": partition, "offset": record.offset, "key": record.key}
        return msgspec.json.encode({**place, "value": content_of(record)}).decode()
    return f"{partition}/{record.offset} {plain(record.key)} {plain(text_of(record))}"


def text_of(record: Any) -> str:
    return str(record.value.decode("utf-8", "backslashreplace"))


def content_of(record: Any) -> Any:
    """The record as JSON where it is JSON, else as text."""
    import msgspec

    try:
        return msgspec.json.decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text_of(record)
