"""The inbox: facts are recorded once, at whichever point their recorder ended."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from intake.recorder.appender import appender_for
from intake.recorder.drafts import Duplicate, Recorded
from intake.recorder.inbox import RETENTION_MS
from intake.recorder.inbox_rows import inbox
from intake.recorder.recorder import Recorder
from intake.vault.vault import Vault
from projections.read_models.tables import read_models
from schemas.topics import ENGAGEMENT
from streams.log import Appended, LogUnavailable, NewRecord
from streams.scorer.deduplication import DuplicateWindow
from tests.databases import vault_beside
from tests.intake.recorder.fakes import IDENTIFIED, NOW, MemoryBroker, MemoryDirectory, new_observation

PAGE = new_observation("p1", visitor="v1")
MAIL = new_observation("m1", "email.clicked.v1", email="pat@acme.com", visitor="v1")


class BrokerWorld:
    """A recorder with a broker, and further ones on the same inbox."""

    def __init__(self, engine: Engine, partitions: int = 1) -> None:
        self.engine, self.log, self.directory = engine, MemoryBroker(partitions), MemoryDirectory()
        self.vault_engine = vault_beside(engine)
        self.now = NOW
        self.recorder: Recorder = self.new_recorder()

    def new_recorder(self, log: Any = None, *, keep: bool = False, directory: Any = None) -> Any:
        """A recorder of another process."""
        entrance = appender_for(log or self.log, self.engine, lambda: self.now, keep_forever=keep)
        vault = Vault(self.vault_engine, random.Random(1).randbytes)
        return Recorder(entrance, vault, directory or self.directory, lambda: self.now)

    def record(self, *observations: Any) -> list[Any]:
        return self.recorder.record(observations)

    def rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(inbox).order_by(inbox.c.account, inbox.c.offset)))

    def forget_append(self) -> None:
        """The state after a recorder died between append and mark."""
        with self.engine.begin() as connection:
            connection.execute(update(inbox).values(offset=None))


@pytest.fixture
def broker(database: Engine) -> BrokerWorld:
    return BrokerWorld(database)


def test_a_recorded_fact_is_a_duplicate_at_its_offset_and_not_appended_again(broker: BrokerWorld) -> None:
    first = broker.record(
        new_observation("1", account="a.com"),
        new_observation("2", account="b.com"),
        new_observation("1", account="a.com"),
    )
    assert first == [Recorded("a.com", None, 0, 0), Recorded("b.com", None, 0, 1), Duplicate("a.com", None, 0, 0)]
    again = broker.new_recorder().record([new_observation("2", account="b.com"), new_observation("3", account="b.com")])
    assert again == [Duplicate("b.com", None, 0, 1), Recorded("b.com", None, 0, 2)]
    assert broker.log.fact_ids() == ["1", "2", "3"]


def test_a_retry_goes_to_the_account_of_the_first_attempt(broker: BrokerWorld) -> None:
    [first] = broker.record(PAGE)
    broker.directory.visitors[first.contact] = "acme.com"
    assert broker.new_recorder().record([PAGE]) == [Duplicate(first.account, first.contact, 0, 0)]
    assert first.account == f"anon:{first.contact}"


def test_an_attempt_that_ended_before_the_append_is_appended_under_its_account(broker: BrokerWorld) -> None:
    broker.log.fails_after = 0
    with pytest.raises(LogUnavailable):
        broker.record(PAGE)
    [row] = broker.rows()
    broker.directory.visitors[row.account.removeprefix("anon:")] = "acme.com"

    [outcome] = broker.new_recorder().record([PAGE])

    assert (type(outcome), outcome.account) == (Recorded, row.account)
    [fact] = broker.log.facts()
    assert (fact["subject"], fact["attribution"], row.offset) == (row.account, "earlier_try", None)
    assert [row.offset for row in broker.rows()] == [0]


def test_an_attempt_that_ended_after_the_append_is_found_in_the_log_and_marked(broker: BrokerWorld) -> None:
    broker.record(new_observation("0", account="a.com"))
    broker.record(new_observation("1", account="a.com"))
    broker.forget_append()
    broker.record(new_observation("2", account="a.com"))
    assert broker.new_recorder().record([new_observation("1", account="a.com")]) == [Duplicate("a.com", None, 0, 1)]
    assert sorted((row.since, row.offset) for row in broker.rows() if row.offset is not None) == [(1, 1), (2, 2)]
    assert broker.log.fact_ids() == ["0", "1", "2"]


@pytest.mark.parametrize("appended", range(6))
def test_a_batch_that_failed_anywhere_is_recorded_once_when_it_is_repeated(broker: BrokerWorld, appended: int) -> None:
    batch = [PAGE, MAIL, new_observation("p2", visitor="v2"), new_observation("p3", account="a.com")]
    broker.log.fails_after = appended
    with pytest.raises(LogUnavailable):
        broker.record(*batch)

    outcomes = broker.record(*batch)

    pair = next(fact["id"] for fact in broker.log.facts() if fact["type"] == IDENTIFIED)
    assert sorted(broker.log.fact_ids()) == sorted(["p1", "m1", "p2", "p3", pair.removesuffix("~to"), f"{pair}~to"])
    places = (0, 1, 4, 5)  # between them: the two identifications by the mail
    assert [type(outcome) for outcome in outcomes] == [Duplicate if at < appended else Recorded for at in places]
    assert broker.new_recorder().record(batch) == [Duplicate(*outcome[:4]) for outcome in outcomes]


def test_all_facts_of_a_reported_identification_use_the_accounts_of_its_first_attempt(broker: BrokerWorld) -> None:
    [page] = broker.record(PAGE)
    identification = new_observation("i1", IDENTIFIED, email="pat@acme.com", visitor="v1")
    broker.log.fails_after = 1
    with pytest.raises(LogUnavailable):
        broker.record(identification)
    contact = broker.log.facts()[-1]["contact"]
    broker.directory.contacts[contact] = "other.com"

    assert broker.new_recorder().record([identification]) == [Duplicate("acme.com", contact, 0, 2)]

    facts = [(fact["id"], fact["subject"], fact.get("data", {}).get("to")) for fact in broker.log.facts()]
    assert facts == [("p1", page.account, None), ("i1", page.account, "acme.com"), ("i1~to", "acme.com", "acme.com")]


def test_ids_expire_after_thirty_days_except_those_of_files(broker: BrokerWorld) -> None:
    many = [new_observation(str(n), account="a.com") for n in range(1_000)]
    files = broker.new_recorder(keep=True)
    files.record([new_observation("file", account="a.com"), many[0]])
    broker.record(*many)
    broker.now += RETENTION_MS + 1

    broker.record(*(new_observation(f"new {n}", account="a.com") for n in range(1_000)))

    assert len(broker.rows()) == 1_000 + 2
    known = broker.record(new_observation("file", account="a.com"), many[0], many[1])
    assert [type(outcome) for outcome in known] == [Duplicate, Duplicate, Recorded]


def test_a_file_import_keeps_ids_that_another_recorder_inserted(broker: BrokerWorld) -> None:
    broker.record(PAGE)
    assert [row.keep for row in broker.rows()] == [False]
    broker.new_recorder(keep=True).record([PAGE])
    broker.record(PAGE)
    assert [(row.keep, row.offset) for row in broker.rows()] == [(True, 0)]


def test_visitors_older_than_the_inbox_are_known_from_the_read_models(broker: BrokerWorld) -> None:
    old = {"fit_points": 0, "fit_grade": "unknown", "tracks": {}, "as_of": 0, "seq": 1, "epoch": 1, "model": "m"}
    old |= {"digest": "", "suppressed": False, "state": b""}
    with broker.engine.begin() as connection:
        connection.execute(insert(read_models().accounts).values(account="anon:v_old", **old))
    entrance = appender_for(broker.log, broker.engine, lambda: NOW, keep_forever=False)
    [page] = broker.record(PAGE)
    assert entrance.accounts_with_facts(["anon:v_old", page.account, "anon:v_new"]) == {"anon:v_old", page.account}


class SynchronizedBroker(MemoryBroker):
    """Delays appends until two recorders are about to append: both have searched the log without finding the fact."""

    def __init__(self) -> None:
        super().__init__(partitions=4)
        self._both = Barrier(2, timeout=20)

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        self._both.wait()
        return super().append(topic, records, partition)


def test_two_concurrent_recorders_append_at_most_twice_to_one_account_and_it_counts_once(broker: BrokerWorld) -> None:
    log, sure, unsure = SynchronizedBroker(), MemoryDirectory(), MemoryDirectory()
    visitor = Vault(broker.vault_engine, random.Random(1).randbytes).visitor_for("v1")
    sure.visitors[visitor] = "acme.com"
    recorders = [broker.new_recorder(log, directory=directory) for directory in (sure, unsure)]

    with ThreadPoolExecutor(2) as pool:
        answers = [outcome for [outcome] in pool.map(lambda recorder: recorder.record([PAGE]), recorders)]

    [account] = {outcome.account for outcome in answers}
    assert account in ("acme.com", f"anon:{visitor}")
    assert [fact["subject"] for fact in log.facts()] == [account, account]
    [place] = [place for place in log.topics[ENGAGEMENT] if place]
    window = DuplicateWindow()
    assert [window.check_and_add(record.id or "", offset) for offset, record in enumerate(place)] == [False, True]
    assert broker.new_recorder(log, directory=sure).record([PAGE])[0].account == account
