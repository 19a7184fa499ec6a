"""The inbox before a broker: what was recorded once is known again, wherever its recorder ended."""

import random
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select, update

from intake.entrance import entrance_to
from intake.recorder import Recorder
from intake.recording import Duplicate, Recorded
from intake.vault import Vault
from projections.work_tables import inbox
from streams.log import Log, LogUnavailable
from tests.intake.fakes import NOW, MemoryBroker, MemoryDirectory, seen

PAGE = seen("p1", visitor="v1")
MAIL = seen("m1", "email.clicked.v1", email="pat@acme.com", visitor="v1")


class Broker:
    """A recorder before a broker, and others like it."""

    def __init__(self, engine: Engine, partitions: int = 1) -> None:
        self.engine, self.log, self.directory = engine, MemoryBroker(partitions), MemoryDirectory()
        self.now = NOW
        self.recorder = self.another()

    def another(self, log: Any = None, *, keep: bool = False, directory: Any = None) -> Recorder:
        entrance = entrance_to(cast(Log, log or self.log), self.engine, lambda: self.now, keep=keep)
        vault = Vault(self.engine, random.Random(1).randbytes)
        return Recorder(entrance, vault, directory or self.directory, lambda: self.now)

    def record(self, *observations: Any) -> list[Any]:
        return self.recorder.record(observations)

    def rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(inbox).order_by(inbox.c.account, inbox.c.offset)))

    def unmark(self) -> None:
        """As a recorder leaves it that dies between append and mark."""
        with self.engine.begin() as connection:
            connection.execute(update(inbox).values(offset=None))


@pytest.fixture
def broker(database: Engine) -> Broker:
    return Broker(database)


def test_what_was_recorded_is_a_duplicate_at_its_place_and_is_appended_no_more(broker: Broker) -> None:
    first = broker.record(seen("1", account="a.com"), seen("2", account="b.com"), seen("1", account="a.com"))
    assert first == [Recorded("a.com", None, 0, 0), Recorded("b.com", None, 0, 1), Duplicate("a.com", None, 0, 0)]
    again = broker.another().record([seen("2", account="b.com"), seen("3", account="b.com")])
    assert again == [Duplicate("b.com", None, 0, 1), Recorded("b.com", None, 0, 2)]
    assert broker.log.ids() == ["1", "2", "3"]


def test_a_retry_goes_to_the_account_of_the_first_try_whatever_would_be_found_now(broker: Broker) -> None:
    [first] = broker.record(PAGE)
    broker.directory.visitors[first.contact] = "acme.com"
    assert broker.another().record([PAGE]) == [Duplicate(first.account, first.contact, 0, 0)]
    assert first.account == f"anon:{first.contact}"


def test_a_try_that_ended_before_the_append_is_appended_under_its_account(broker: Broker) -> None:
    broker.log.breaks = 0
    with pytest.raises(LogUnavailable):
        broker.record(PAGE)
    [row] = broker.rows()
    broker.directory.visitors[row.account.removeprefix("anon:")] = "acme.com"

    [outcome] = broker.another().record([PAGE])

    assert (type(outcome), outcome.account) == (Recorded, row.account)
    [fact] = broker.log.facts()
    assert (fact["subject"], fact["attribution"], row.offset) == (row.account, "earlier_try", None)
    assert [row.offset for row in broker.rows()] == [0]


def test_a_try_that_ended_after_the_append_is_found_in_the_log_and_marked(broker: Broker) -> None:
    broker.record(seen("0", account="a.com"))
    broker.record(seen("1", account="a.com"))
    broker.unmark()
    broker.record(seen("2", account="a.com"))
    assert broker.another().record([seen("1", account="a.com")]) == [Duplicate("a.com", None, 0, 1)]
    assert sorted((row.since, row.offset) for row in broker.rows() if row.offset is not None) == [(1, 1), (2, 2)]
    assert broker.log.ids() == ["0", "1", "2"]


@pytest.mark.parametrize("appended", range(6))
def test_a_batch_that_broke_anywhere_is_recorded_once_when_it_is_given_again(broker: Broker, appended: int) -> None:
    whole = Broker(broker.engine)
    batch = [PAGE, MAIL, seen("p2", visitor="v2"), seen("p3", account="a.com")]
    broker.log.breaks = appended
    with pytest.raises(LogUnavailable):
        broker.record(*batch)

    broker.record(*batch)

    assert sorted(broker.log.ids()) == sorted(set(broker.log.ids()))
    assert len(broker.log.ids()) == 6
    assert [type(outcome) for outcome in broker.another().record(batch)] == [Duplicate] * 4
    assert whole.log.ids() == []
