"""Dead letters on a log without unique ids and without an index by key, so that a letter may be in it twice.

Some letters are of earlier versions and hold the bytes of their records.
"""

import pytest

from schemas.dead_letters import ORIGINAL_ID_HEADER, dead_letter_headers
from schemas.envelope import encode_fact
from schemas.topics import DEAD_LETTERS, ENGAGEMENT
from staffel.dead_letters import SOURCE, drop_letter, find_letter, letter_rows, letters_with_content
from staffel.errors import ProblemFound
from streams.log import Headers, NewRecord
from tests.intake.recorder.fakes import NOW, MemoryBroker


def dead_letter(offset: int, key: str = "acme.com", headers: Headers = ()) -> NewRecord:
    error_headers = dead_letter_headers("engagement", 0, offset, code="unreadable", why="torn", headers=headers)
    return NewRecord(key, b"torn %d" % offset, headers=error_headers)


def encoded_fact(id: str, subject: str) -> NewRecord:
    view = "web.page_viewed.v1"
    return NewRecord(subject, encode_fact(id=id, source=SOURCE, type=view, subject=subject, time=NOW, recorded_at=NOW))


@pytest.fixture
def log() -> MemoryBroker:
    """Two letters, the first of them twice; the other one was recorded again, for another account."""
    log = MemoryBroker(partitions=3)
    log.append(DEAD_LETTERS, [dead_letter(1), dead_letter(2, "beta.com"), dead_letter(1)])
    log.append(
        ENGAGEMENT, [encoded_fact("engagement/0/2", "gamma.com"), NewRecord("a.com", SOURCE.encode() + b" torn")]
    )
    return log


def test_each_letter_is_listed_once_and_whether_it_was_retried(log: MemoryBroker) -> None:
    retried = {letter["id"]: letter["retried"] for letter, _ in letter_rows(log)}
    assert retried == {"engagement/0/1": False, "engagement/0/2": True}
    assert len(list(letter_rows(log))) == 2


def test_a_letter_is_found_with_its_bytes(log: MemoryBroker) -> None:
    letter, value = find_letter(log, "engagement/0/2")
    assert (letter["retried"], value) == (True, b"torn 2")
    with pytest.raises(ProblemFound, match="no dead letter engagement/0/3"):
        find_letter(log, "engagement/0/3")


def test_a_copied_record_that_is_rejected_again_is_the_same_letter(log: MemoryBroker) -> None:
    log.append(DEAD_LETTERS, [dead_letter(77, headers=((ORIGINAL_ID_HEADER, b"engagement/0/2"),))])
    assert sorted(letter["id"] for letter, _ in letter_rows(log)) == ["engagement/0/1", "engagement/0/2"]


def letter_without_content(offset: int, headers: Headers = ()) -> NewRecord:
    return dead_letter(offset, headers=headers)._replace(value=b"")


def test_the_bytes_of_a_letter_without_content_are_read_where_its_record_stands(log: MemoryBroker) -> None:
    [place] = log.append(ENGAGEMENT, [NewRecord("acme.com", b"\xff geheim")], partition=0)
    log.append(DEAD_LETTERS, [letter_without_content(place.offset)])
    letter, value = find_letter(log, f"engagement/0/{place.offset}")
    reference = {"topic": "engagement", "partition": 0, "offset": place.offset}
    assert (value, letter["reference"]) == (b"\xff geheim", reference)


def test_a_letter_whose_record_is_gone_can_still_be_dropped(log: MemoryBroker) -> None:
    log.append(DEAD_LETTERS, [letter_without_content(99)])
    with pytest.raises(ProblemFound, match="engagement/0/99 is not in the log any more; drop it"):
        find_letter(log, "engagement/0/99")
    assert drop_letter(log, "engagement/0/99", "lost by the old broker")["dropped"] == "lost by the old broker"


def test_a_dropped_letter_stays_listed_with_the_first_reason(log: MemoryBroker) -> None:
    for reason in ("a test of the producer", "once more"):
        assert drop_letter(log, "engagement/0/1", reason)["dropped"] == "a test of the producer"
    dropped = {letter["id"]: letter["dropped"] for letter, _ in letter_rows(log)}
    assert dropped == {"engagement/0/1": "a test of the producer", "engagement/0/2": None}


def test_a_copied_letter_finds_its_record_by_the_id_that_both_carry(log: MemoryBroker) -> None:
    stamp = ((ORIGINAL_ID_HEADER, b"engagement/0/5"),)
    log.append(ENGAGEMENT, [NewRecord("acme.com", b"another"), NewRecord("acme.com", b"\xff copied", headers=stamp)])
    log.append(DEAD_LETTERS, [letter_without_content(5, headers=stamp)])
    assert find_letter(log, "engagement/0/5")[1] == b"\xff copied"


def test_the_letters_that_hold_content_are_those_of_earlier_versions(log: MemoryBroker) -> None:
    log.append(DEAD_LETTERS, [letter_without_content(7)])
    drop_letter(log, "engagement/0/1", "seen")
    assert sorted(letter.id for letter in letters_with_content(log)) == ["engagement/0/1"] * 2 + ["engagement/0/2"]
