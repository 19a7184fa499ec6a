"""Compares a database with one uninterrupted fold of its log: nothing lost, duplicated or computed differently."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from audit.replay import digest, fold_partition
from audit.verify import verify
from projections.derived_facts import moved_fact_id
from projections.lag import read_lag
from projections.queries import ReadModelQueries, open_queries
from schemas.envelope import FactRecord, decode_fact, record_id
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS
from scoring.fold.state import Account
from staffel.application import Application

READ_LIMIT = 1_000_000


def check_consistency(staffel: Application) -> dict[str, int]:
    """Counts of what was compared; an AssertionError shows differences. All steps must be drained."""
    assert read_lag(staffel.engine, staffel.log, staffel.clock()).is_idle
    verified = verify(staffel.log, staffel.engine)
    assert verified.mismatches == []
    accounts = folded_accounts(staffel)
    facts = list(facts_of(staffel, ENGAGEMENT))
    with open_queries(staffel.engine) as queries:
        compare_accounts(queries, accounts)
        compare_handoffs(queries, accounts, list(facts_of(staffel, SQA_HANDOFFS)))
    compare_moves(accounts, facts)
    assert duplicates(record_id(fact.source, fact.id) for fact in facts) == []
    moved = sum(fact.moves is not None for fact in facts)
    handoffs = sum(len(account.pending_changes.handoffs) for account in accounts.values() if account.pending_changes)
    steps = sum(len(account.pending_changes.steps) for account in accounts.values() if account.pending_changes)
    return {"facts": verified.facts, "moved": moved, "handoffs": handoffs, "steps": steps}


def folded_accounts(staffel: Application) -> dict[str, Account]:
    """All accounts, including `anon:…`, with all of their changes."""
    partitions = range(staffel.log.partitions(ENGAGEMENT))
    folds = [fold_partition(staffel.log, partition, keep_lines=True) for partition in partitions]
    return {id: account for fold in folds for id, account in fold.accounts.items()}


def facts_of(staffel: Application, topic: str) -> Iterator[FactRecord]:
    for partition in range(staffel.log.partitions(topic)):
        for record in staffel.log.read(topic, partition, 0, READ_LIMIT):
            yield decode_fact(record.value)


def duplicates(values: Iterable[Any]) -> list[Any]:
    return [value for value, times in Counter(values).items() if times > 1]


def compare_accounts(queries: ReadModelQueries, accounts: dict[str, Account]) -> None:
    rows = {row.account: (row.seq, row.digest) for row in queries.accounts()}
    assert rows == {id: (account.seq, digest(account)) for id, account in accounts.items()}
    for id, account in accounts.items():
        assert account.pending_changes is not None
        changes = [(c.seq, c.track, parse_time(c.at), c.from_, c.to, c.cause) for c in account.pending_changes.stages]
        stored = [(c.seq, c.track, c.at, c.from_stage, c.to_stage, c.cause) for c in queries.stage_changes(id)]
        assert stored == changes
        assert [line.event for line in queries.ledger_lines(id)] == [
            line.event for line in account.pending_changes.lines or []
        ]


def compare_handoffs(
    queries: ReadModelQueries, accounts: dict[str, Account], events_published: list[FactRecord]
) -> None:
    """Each handoff and each of its steps has exactly one row and one event."""
    outcomes = [account.pending_changes for account in accounts.values() if account.pending_changes]
    opened = {handoff.handoff: handoff.fact for outcome in outcomes for handoff in outcome.handoffs}
    steps = [(step.handoff, step.status, step.fact) for outcome in outcomes for step in outcome.steps]
    assert {row.handoff: row.fact for row in queries.handoffs()} == opened
    stored = [(row.handoff, row.status, row.fact) for handoff in opened for row in queries.steps(handoff)]
    assert sorted(stored) == sorted(steps)
    events = [f"{handoff}:proposed" for handoff in opened] + [f"{handoff}:{status}" for handoff, status, _ in steps]
    assert sorted(fact.id for fact in events_published) == sorted(events)


def compare_moves(accounts: dict[str, Account], facts: list[FactRecord]) -> None:
    """Each fact of a released account is under its target account exactly once."""
    moved = [(fact.subject, fact.source, fact.id) for fact in facts if fact.moves is not None]
    assert sorted(moved) == sorted(moves_of(accounts))


def moves_of(accounts: dict[str, Account]) -> Iterator[tuple[str, str, str]]:
    for account in accounts.values():
        outcome = account.pending_changes
        for release in outcome.releases if outcome else []:
            assert outcome is not None
            for each in (*outcome.parked, *outcome.forwards):
                yield release.to, each.source, moved_fact_id(each.event, release.move)
