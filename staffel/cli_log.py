"""Commands about the log itself: following it, and what it set aside. Never changes a record."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from staffel.printing import print_json, print_table, say
from staffel.session import AsJson, Found, Usage, connected

Json = dict[str, Any]
Letter = Annotated[str, typer.Argument(metavar="ID", help="As `dead-letters list` tells it.")]
letters = typer.Typer(no_args_is_help=True, help="Records that could not be folded, with their original bytes.")


def tail(
    topic: Annotated[str, typer.Argument(help="engagement, scores, sqa-handoffs, dead-letters …")] = "engagement",
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
            if not follow:
                return
            staffel.log.wait({p: staffel.log.end("engagement", p) for p in ends}, 0.25)


def records_from(log: Any, topic: str, starts: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """What stands from the starts on; the starts move behind it."""
    for partition in starts:
        while records := log.read(topic, partition, starts[partition], 500):
            yield from ((partition, record) for record in records)
            starts[partition] = records[-1].offset + 1


def line_of(topic: str, partition: int, record: Any, as_json: bool) -> str:
    text = record.value.decode("utf-8", "backslashreplace")
    if as_json:
        import msgspec

        place = {"topic": topic, "partition": partition, "offset": record.offset, "key": record.key, "value": text}
        return msgspec.json.encode(place).decode()
    return f"{partition}/{record.offset} {record.key} {text}"


@letters.command("list")
def list_letters(as_json: AsJson = False) -> None:
    """Every dead letter: where it stood and why it was set aside."""
    with connected() as staffel:
        rows = [letter_json(partition, record) for partition, record in all_letters(staffel.log)]
    if as_json:
        print_json(rows)
        return
    cells = [(row["id"], row["key"], row["code"], row["why"]) for row in rows]
    print_table("", ["dead letter", "key", "code", "why"], cells)
    if not rows:
        say("No dead letters.")


@letters.command("show")
def show_letter(id: Letter, as_json: AsJson = False) -> None:
    """One dead letter with its original bytes."""
    told, record = found(id)
    if as_json:
        print_json({**told, "value": record.value.decode("utf-8", "backslashreplace")})
        return
    say(f"{told['id']}  {told['code']}: {told['why']}")
    say(record.value.decode("utf-8", "backslashreplace"))


@letters.command("retry")
def retry_letter(id: Letter, as_json: AsJson = False) -> None:
    """Record a dead letter again as a CloudEvent, now that it can be read; refused as long as it cannot."""
    from intake.cloudevents import observe
    from intake.observations import Observation, Rejected
    from intake.recording import Recorded

    told, record = found(id)
    with connected() as staffel:
        item = observe(f"dead letter {id}", record.value, trusted=True)
        if not isinstance(item, Observation):
            raise Found(f"{id} still cannot be read: {item.why}")
        [outcome] = staffel.recorder.record([item])
        if isinstance(outcome, Rejected):
            raise Found(f"{id} is still refused: {outcome.why}")
        staffel.settle()
    again = "recorded" if isinstance(outcome, Recorded) else "recorded before"
    print_json({"id": id, "outcome": again}) if as_json else say(f"{told['id']}: {again}")


def found(id: str) -> tuple[Json, Any]:
    with connected() as staffel:
        for partition, record in all_letters(staffel.log):
            told = letter_json(partition, record)
            if told["id"] == id:
                return told, record
    raise Found(f"there is no dead letter {id}; `staffel dead-letters list` lists them")


def all_letters(log: Any) -> Iterator[tuple[int, Any]]:
    starts = dict.fromkeys(range(log.partitions("dead-letters")), 0)
    return records_from(log, "dead-letters", starts)


def letter_json(partition: int, record: Any) -> Json:
    from schemas.dead_letters import read_headers

    said = read_headers(record.headers)
    return {
        "id": f"{said.get('topic')}/{said.get('partition')}/{said.get('offset')}",
        "key": record.key,
        "code": said.get("exception.class.name"),
        "why": said.get("exception.message"),
        "place": {"partition": partition, "offset": record.offset},
    }
