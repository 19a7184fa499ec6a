"""Dead letters on a log without unique ids and without an index by key, so that a letter may be in it twice."""

import pytest

from schemas.dead_letters import ORIGINAL_ID_HEADER, dead_letter_headers
from schemas.envelope import encode_fact
from schemas.topics import DEAD_LETTERS, ENGAGEMENT
from staffel.dead_letters import SOURCE, find_letter, letter_rows
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
