"""Records that could not be understood, kept with their bytes, key and headers. Never repairs one.

The header names are those of Kafka Connect's dead letter queues, so that existing tools read them.
"""

from collections.abc import Iterable

Headers = tuple[tuple[str, bytes], ...]

PREFIX = "__connect.errors."
TOPIC = f"{PREFIX}topic"
PARTITION = f"{PREFIX}partition"
OFFSET = f"{PREFIX}offset"
CONNECTOR = f"{PREFIX}connector.name"
STAGE = f"{PREFIX}stage"
EXCEPTION = f"{PREFIX}exception.class.name"
MESSAGE = f"{PREFIX}exception.message"

SET_ASIDE_AS = "staffel-set-aside-as"
"""Of a record that was copied from another log: the id of its dead letter there, which it keeps."""

_LONGEST_MESSAGE = 2000


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter of a record: the same after every crash."""
    return f"{topic}/{partition}/{offset}"


def dead_letter_headers(
    topic: str, partition: int, offset: int, *, code: str, why: str, headers: Iterable[tuple[str, bytes]] = ()
) -> Headers:
    """The record's own headers, and where it stood and why it was refused (`code` is stable, `why` is for people)."""
    place = ((TOPIC, topic), (PARTITION, str(partition)), (OFFSET, str(offset)), (CONNECTOR, "staffel"))
    reason = ((STAGE, "VALUE_CONVERTER"), (EXCEPTION, code), (MESSAGE, why[:_LONGEST_MESSAGE]))
    own = tuple((name, text.encode("utf-8", "replace")) for name, text in (*place, *reason))
    return (*(header for header in headers if not header[0].startswith(PREFIX)), *own)


def read_headers(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """What the headers say: `topic`, `partition`, `offset`, `exception.message`, … as text."""
    said = (pair for pair in headers if pair[0].startswith(PREFIX))
    return {name.removeprefix(PREFIX): text.decode("utf-8", "replace") for name, text in said}


def letter_id(headers: Iterable[tuple[str, bytes]]) -> str:
    """The id of a dead letter: where its record stood first."""
    told = list(headers)
    kept = next((value.decode("utf-8", "replace") for name, value in told if name == SET_ASIDE_AS), None)
    said = read_headers(told)
    return kept or f"{said.get('topic')}/{said.get('partition')}/{said.get('offset')}"
