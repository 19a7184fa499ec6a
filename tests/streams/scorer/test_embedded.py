"""The scorer of a partition: one atomic unit after another, with failures in between."""

from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from audit.replay import digest, fold_account, recorded_within, replay
from database.engine import open_database
from schemas.dead_letters import parse_error_headers
from schemas.envelope import record_id
from schemas.scores import decode_account_scored
from schemas.times import parse_time
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from scoring.model.loading import model_from_dict
from scoring.plan.compiler import compile_model
from streams.activation import activate, initial_plan
from streams.log import LogError, NewRecord, PositionConflict, Record, Unit
from streams.scorer.active_model import RejectedRecord
from streams.scorer.embedded import Scorer, load_account, load_nothing
from streams.scorer.partition_fold import PartitionFold
from streams.sql.log import SqlLog
from tests import databases
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, Json, fact
from tests.scoring.vectors import vector_named

VECTOR = vector_named("08-gate")
NINE_OCLOCK = "2026-01-05T09:00:00Z"
AnyLog = TypeVar("AnyLog", bound=SqlLog)
ACTIVATED_AT = parse_time("2026-06-01T00:00:00Z")


class LogWithoutUniqueIds(SqlLog):
    """A log that may store a record twice, as Kafka may."""

    unique_ids = False


class UnreliableLog(SqlLog):
    """Fails at chosen units (counted from 0), before or after the unit is durable."""

    fails_before: frozenset[int] = frozenset()
    fails_after: frozenset[int] = frozenset()
    attempts = 0

    def append_unit(self, unit: Unit) -> None:
        number, self.attempts = self.attempts, self.attempts + 1
        if number in self.fails_before:
            raise LogError("the disk is full")
        super().append_unit(unit)
        if number in self.fails_after:
            raise LogError("the connection was lost")


class CountingLog(SqlLog):
    """Counts the accounts that it is asked for one by one."""

    single_reads = 0

    def latest_below(self, topic: str, key: str) -> list[Record]:
        self.single_reads += 1
        return super().latest_below(topic, key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    databases.migrated_database("sqlite", tmp_path)
    return tmp_path


def open_log(kind: type[AnyLog], folder: Path, partitions: int = 1, model: str = VECTOR.model_text) -> AnyLog:
    log = kind(open_database(f"sqlite:///{folder / 'staffel.db'}"), partitions)
    activate(log, lambda: (model, "model.yaml"), lambda: ACTIVATED_AT)
    return log


def append_facts(log: SqlLog, facts: list[Json]) -> None:
    for each in facts:
        id = record_id(each["source"], each["id"]) if log.unique_ids else None
        log.append(ENGAGEMENT, [NewRecord(each["subject"], msgspec.json.encode(each), id)])


def score_all(log: SqlLog, batch: int = 2) -> None:
    """Run the steps until nothing is left, in spite of failures."""
    scorer = Scorer(log, 0, batch)
    while True:
        try:
            if not scorer.advance():
                return
        except LogError:
            continue


def digests(log: SqlLog) -> dict[str, str]:
    return {id: decode_account_scored(each.value).digest for id, each in log.latest(SCORES, [ACME]).items()}


def straight_fold_digests(log: SqlLog) -> dict[str, str]:
    """Digests after one fold of the whole log."""
    return {id: digest(account) for id, account in replay(log).accounts.items()}


def test_every_partition_begins_with_the_activation_of_the_first_model(folder: Path) -> None:
    log = open_log(SqlLog, folder, partitions=3)
    first = [msgspec.json.decode(log.read(ENGAGEMENT, partition, 0, 1)[0].value) for partition in range(3)]
    assert [(each["type"], each["id"][-3:]) for each in first] == [
        ("model.activated.v1", f"/p{partition}") for partition in range(3)
    ]
    assert [(each["data"]["initial"], each["data"]["approvals"]) for each in first] == [(True, [])] * 3
    assert {each["data"]["version"] for each in first} == {initial_plan(log).version}


def test_the_initial_activation_holds_at_every_time_asked_for(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, VECTOR.facts)
    long_before = parse_time(VECTOR.facts[0]["recordedtime"])
    assert long_before < ACTIVATED_AT
    assert replay(log, accept=recorded_within(until=long_before)).facts == 2


def test_an_activation_is_made_once(folder: Path) -> None:
    open_log(SqlLog, folder)
    log = open_log(SqlLog, folder, model=vector_named("10-tracks").model_text)
    assert (log.end(ENGAGEMENT, 0), initial_plan(log).model.model) == (1, "v08")


@pytest.mark.parametrize("failing", [0, 1, 3, 5])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_unit_that_failed_is_made_again_and_nothing_is_lost_or_told_twice(
    folder: Path, failing: int, when: str
) -> None:
    log = open_log(UnreliableLog, folder)
    setattr(log, when, frozenset({failing, failing + 1}))
    append_facts(log, VECTOR.facts)
    score_all(log)
    assert digests(log) == straight_fold_digests(log)
    updates = [decode_account_scored(each.value) for each in log.read(SCORES, 0, 0, 1000) if each.key == ACME]
    assert [each.after_seq for each in updates] == [0, *(each.seq for each in updates[:-1])]


def test_two_scorers_of_one_partition_write_no_unit_twice(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, VECTOR.facts)
    one, other = Scorer(log, 0, 2), Scorer(log, 0, 2)
    for _ in range(len(VECTOR.facts)):
        one.advance()
        other.advance()
    assert digests(log) == straight_fold_digests(log)


def test_a_unit_from_an_old_position_is_refused(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, VECTOR.facts)
    Scorer(log, 0, 2).advance()
    with pytest.raises(PositionConflict):
        log.append_unit(Unit(0, 0, 2, [], []))


def test_what_cannot_be_folded_is_referred_to_by_a_dead_letter_without_its_content(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    log.append(ENGAGEMENT, [NewRecord(ACME, b"\xff no fact", "broken", (("content-type", b"text/plain"),))])
    append_facts(log, [fact("f1", NINE_OCLOCK), fact("f2", NINE_OCLOCK, "account.merged", data={"into": "b.com"})])
    score_all(log)
    [broken, merged] = log.read(DEAD_LETTERS, 0, 0, 10)
    assert (broken.key, broken.value, merged.value) == (ACME, b"", b"")
    assert not [name for name, _ in broken.headers if not name.startswith("__connect.errors.")]
    headers = [parse_error_headers(letter.headers) for letter in (broken, merged)]
    assert [(each["topic"], each["partition"], each["offset"], each["exception.class.name"]) for each in headers] == [
        (ENGAGEMENT, "0", "1", "unreadable"),
        (ENGAGEMENT, "0", "3", "not_yet"),
    ]
    assert decode_account_scored(log.latest(SCORES, [ACME])[ACME].value).seq == 1


@pytest.mark.parametrize(("between", "seq"), [(2, 3), (3, 5)])
def test_a_duplicate_is_known_within_the_window_after_any_recovery(folder: Path, between: int, seq: int) -> None:
    log = open_log(LogWithoutUniqueIds, folder)
    others = [fact(f"g{number}", NINE_OCLOCK) for number in range(between)]
    append_facts(log, [fact("f", NINE_OCLOCK), *others, fact("f", NINE_OCLOCK)])
    while Scorer(log, 0, batch=1, window=3).advance():
        continue
    assert decode_account_scored(log.latest(SCORES, [ACME])[ACME].value).seq == seq


def test_a_state_of_another_model_is_folded_again_from_the_account_s_history(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, VECTOR.facts)
    score_all(log)
    other = compile_model(model_from_dict(models.content(models.rule())), "other-1-000000000000")
    again, whole = load_account(log, ACME, other, log.position(0)), fold_account(log, ACME, other)
    assert again is not None
    assert whole is not None
    assert digest(again) == digest(whole)


def test_an_account_is_loaded_as_it_was_written(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, vector_named("06-roles").facts)
    score_all(log)
    loaded = load_account(log, ACME, initial_plan(log), log.position(0))
    assert loaded is not None
    assert {ACME: digest(loaded)} == digests(log)


class BreakingFold(PartitionFold):
    """Fails at one offset, as a mistake in the code would."""

    def apply(self, record: Record) -> RejectedRecord | None:
        if record.offset == 3:
            raise ZeroDivisionError
        return super().apply(record)


def test_a_scorer_that_cannot_go_on_knows_the_record(folder: Path) -> None:
    log = open_log(SqlLog, folder)
    append_facts(log, [fact(f"f{number}", NINE_OCLOCK) for number in range(5)])
    scorer = Scorer(log, 0)
    scorer._fold = BreakingFold(0, load_nothing, plan=initial_plan(log))
    with pytest.raises(ZeroDivisionError):
        scorer.advance()
    assert scorer.place() == "engagement/0/3"


def test_accounts_that_are_new_are_not_loaded_one_by_one(folder: Path) -> None:
    log = open_log(CountingLog, folder)
    append_facts(log, [fact(f"{n}", NINE_OCLOCK, subject=f"company{n}.com") for n in range(5)])
    Scorer(log, 0).advance()
    assert log.single_reads == 0
    append_facts(log, [fact(f"later {n}", NINE_OCLOCK, subject=f"company{n}.com") for n in (1, 9)])
    Scorer(log, 0).advance()
    assert log.single_reads == 1
    log.close()
