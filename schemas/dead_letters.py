"""Dead letters: references to records that could not be kept, each with key, code and reason.

A letter holds nothing of the record's content, which stands at the place that its headers name: so nothing has to be
erased twice. (Letters of earlier versions hold the original bytes as their value.) The header names are those of Kafka
Connect's dead letter queues, so that existing tools read them. What becomes of a letter is a record under the same key
that names it: dropped, with the reason, or retried.
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
"""Header of a dead letter that was copied from another log, and of the record it refers to: its id in the first log."""
DROPPED_HEADER = "staffel-dropped"
"""Header of a record that drops a dead letter: the id of the letter."""
REASON_HEADER = "staffel-reason"
"""Why it was dropped."""
RETRIED_HEADER = "staffel-retried"
"""Header of a record that says that a fact was recorded in place of a dead letter: the id of the letter."""

_MAX_MESSAGE_LENGTH = 2000


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter of a record: the same after every crash."""
    return f"{topic}/{partition}/{offset}"


def dead_letter_headers(
    topic: str, partition: int, offset: int, *, code: str, why: str, headers: Iterable[tuple[str, bytes]] = ()
) -> Headers:
    """The place of the record, and why it was rejected (`code` is stable, `why` is for people and repeats no content).

    Of the record's own `headers` only the id that it was copied with is kept: the others are content.
    """
    source = (
        (TOPIC_HEADER, topic),
        (PARTITION_HEADER, str(partition)),
        (OFFSET_HEADER, str(offset)),
        (CONNECTOR_HEADER, "staffel"),
    )
    reason = ((STAGE_HEADER, "VALUE_CONVERTER"), (EXCEPTION_HEADER, code), (MESSAGE_HEADER, why[:_MAX_MESSAGE_LENGTH]))
    error_headers = tuple((name, text.encode("utf-8", "replace")) for name, text in (*source, *reason))
    return (*(header for header in headers if header[0] == ORIGINAL_ID_HEADER), *error_headers)


def parse_error_headers(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The error headers as text: `topic`, `partition`, `offset`, `exception.message`, …"""
    error_headers = (pair for pair in headers if pair[0].startswith(HEADER_PREFIX))
    return {name.removeprefix(HEADER_PREFIX): text.decode("utf-8", "replace") for name, text in error_headers}


def dead_letter_id_from_headers(headers: Iterable[tuple[str, bytes]]) -> str:
    """The id of a dead letter: the place of its record, or the id that it was copied with."""
    pairs = list(headers)
    fields = parse_error_headers(pairs)
    original_id = header_text(pairs, ORIGINAL_ID_HEADER)
    return original_id or f"{fields.get('topic')}/{fields.get('partition')}/{fields.get('offset')}"


def dropped_headers(letter_id: str, reason: str) -> Headers:
    """The headers of a record that drops a letter."""
    return (
        (DROPPED_HEADER, letter_id.encode("utf-8", "replace")),
        (REASON_HEADER, reason[:_MAX_MESSAGE_LENGTH].encode("utf-8", "replace")),
    )


def retried_headers(letter_id: str) -> Headers:
    """The headers of a record that says that a letter was retried."""
    return ((RETRIED_HEADER, letter_id.encode("utf-8", "replace")),)


def is_letter(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Whether a record of the topic is a dead letter, not what became of one."""
    return not any(name in (DROPPED_HEADER, RETRIED_HEADER) for name, _ in headers)


def header_text(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """The first header of this name, as text."""
    return next((value.decode("utf-8", "replace") for key, value in headers if key == name), None)
