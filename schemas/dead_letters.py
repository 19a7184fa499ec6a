"""Dead letters: records that could not be folded, with their bytes, key and headers.

The header names are those of Kafka Connect's dead letter queues, so that existing tools read them.
"""

from collections.abc import Iterable

Headers = tuple[tuple[str, bytes], ...]

HEADER_PREFIX = "__connect.errors."
TOPIC_HEADER = f"{HEADER_PREFIX}topic"
PARTITION_HEADER = f"{HEADER_PREFIX}partition"
OFFSET_HEADER = f"{HEADER_PREFIX}offset"
CONNECTOR_HEADER = f"{HEADER_PREFIX}connector.name"
STAGE_HEADER = f"{HEADER_PREFIX}stage"
EXCEPTION_HEADER = f"{HEADER_PREFIX}exception.class.name"
MESSAGE_HEADER = f"{HEADER_PREFIX}exception.message"

ORIGINAL_ID_HEADER = "staffel-set-aside-as"
"""Header of a dead letter that was copied from another log: its id there, which it keeps."""

_MAX_MESSAGE_LENGTH = 2000


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter of a record: the same after every crash."""
    return f"{topic}/{partition}/{offset}"


def dead_letter_headers(
    topic: str, partition: int, offset: int, *, code: str, why: str, headers: Iterable[tuple[str, bytes]] = ()
) -> Headers:
    """The record's own headers, its place, and why it was rejected (`code` is stable, `why` is for people)."""
    source = (
        (TOPIC_HEADER, topic),
        (PARTITION_HEADER, str(partition)),
        (OFFSET_HEADER, str(offset)),
        (CONNECTOR_HEADER, "staffel"),
    )
    reason = ((STAGE_HEADER, "VALUE_CONVERTER"), (EXCEPTION_HEADER, code), (MESSAGE_HEADER, why[:_MAX_MESSAGE_LENGTH]))
    error_headers = tuple((name, text.encode("utf-8", "replace")) for name, text in (*source, *reason))
    return (*(header for header in headers if not header[0].startswith(HEADER_PREFIX)), *error_headers)


def parse_error_headers(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The error headers as text: `topic`, `partition`, `offset`, `exception.message`, …"""
    error_headers = (pair for pair in headers if pair[0].startswith(HEADER_PREFIX))
    return {name.removeprefix(HEADER_PREFIX): text.decode("utf-8", "replace") for name, text in error_headers}


def dead_letter_id_from_headers(headers: Iterable[tuple[str, bytes]]) -> str:
    """The id of a dead letter: the place of its record, or the id that it was copied with."""
    pairs = list(headers)
    original_id = next((value.decode("utf-8", "replace") for name, value in pairs if name == ORIGINAL_ID_HEADER), None)
    fields = parse_error_headers(pairs)
    return original_id or f"{fields.get('topic')}/{fields.get('partition')}/{fields.get('offset')}"
