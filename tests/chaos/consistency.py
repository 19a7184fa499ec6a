"""Checks that nothing on the broker is lost, repeated or different from a straight fold of its log.

As subscribers do, it expects that records may be repeated, and identifies them by their ids.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import msgspec

from alerts.rules import alert_id, kind_of
from audit.replay import digest
from audit.verify import verify
from database.engine import open_database
from database.migrate import migrate
from projections.lag import read_lag
from projections.queries import open_queries
from schemas.dead_letters import parse_error_headers
from schemas.envelope import FactRecord, decode_fact, record_id
from schemas.scores import AccountScored, decode_account_scored
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS
from scoring.fold.state import Account
from staffel.application import Application
from streams.log import Log, NewRecord, Record
from streams.scorer.embedded import Scorer
from streams.sql.log import SqlLog
from tests.alerts.receiver import Receiver
from tests.chaos.cluster import Cluster
from tests.crash.consistency import compare_accounts, compare_handoffs, compare_moves, folded_accounts

_POLL_S = 0.1
_PAGE = 5_000
_DEADLINE_S = 120


def await_idle(staffel: Application, deadline_s: float = 120) -> float:
    """Wait until everything recorded is projected and published; returns the seconds it took."""
    began, never = monotonic(), Event()
    while not (lag := read_lag(staffel.engine, staffel.log, staffel.clock())).is_idle:
        assert monotonic() - began < deadline_s, f"not idle after {deadline_s} s: {lag}"
        never.wait(_POLL_S)
    return monotonic() - began


def check_consistency(staffel: Application, cluster: Cluster) -> dict[str, int]:
    """Numbers of compared items; an AssertionError names differences. Requires an idle cluster."""
    figures = check_after_compaction(staffel, cluster)
    return {**figures, "updates": compare_updates(staffel.log, folded_accounts(staffel))}


def check_after_compaction(staffel: Application, cluster: Cluster) -> dict[str, int]:
    """The same, except for updates that compaction removed."""
    assert verify(staffel.log, staffel.engine).mismatches == []
    accounts = folded_accounts(staffel)
    facts = distinct_facts(staffel.log, ENGAGEMENT)
    with open_queries(staffel.engine) as queries:
        compare_accounts(queries, accounts)
        compare_handoffs(queries, accounts, distinct_facts(staffel.log, SQA_HANDOFFS))
    compare_moves(accounts, facts)
    letters = compare_dead_letters(staffel.log)
    compare_embedded(staffel.log, accounts, cluster.folder)
    await_alerts(staffel.log, cluster.receiver)
    handoffs = sum(len(account.pending_changes.handoffs) for account in accounts.values() if account.pending_changes)
    moved = sum(fact.moves is not None for fact in facts)
    return {"facts": len(facts), "handoffs": handoffs, "moved": moved, "letters": letters}


def await_alerts(log: Log, receiver: Receiver) -> None:
    """Wait until every event that requires an alert has one, with its own id."""
    wanted = {
        alert_id(event, kind) for event in distinct_facts(log, SQA_HANDOFFS) if (kind := kind_of(event)) is not None
    }
    began, never = monotonic(), Event()
    while wanted - {request.id for request in receiver.requests}:
        assert monotonic() - began < _DEADLINE_S, f"{len(wanted)} alerts wanted, {len(receiver.requests)} came"
        never.wait(_POLL_S)
    assert {request.id for request in receiver.requests} == wanted


def partition_records(log: Log, topic: str, partition: int) -> Iterator[Record]:
    start, end = 0, log.end(topic, partition)
    while start < end and (page := log.read(topic, partition, start, _PAGE)):
        yield from page
        start = page[-1].offset + 1


def topic_records(log: Log, topic: str) -> Iterator[Record]:
    for partition in range(log.partitions(topic)):
        yield from partition_records(log, topic, partition)


def distinct_facts(log: Log, topic: str) -> list[FactRecord]:
    """The facts or events of a topic, each id once, as a subscriber sees them; without unreadable records."""
    found: dict[str, FactRecord] = {}
    for record in topic_records(log, topic):
        try:
            fact = decode_fact(record.value)
        except msgspec.MsgspecError:
            continue
        found.setdefault(record_id(fact.source, fact.id), fact)
    return list(found.values())


def compare_updates(log: Log, accounts: dict[str, Account]) -> int:
    """The updates of each account cover its seqs without gaps, and repeated seqs are equal."""
    covered: dict[str, set[int]] = defaultdict(set)
    content_by_seq: dict[tuple[str, str, int], bytes] = {}
    digests: dict[tuple[str, int], str] = {}
    number = 0
    for record in topic_records(log, SCORES):
        if record.key.startswith("~") or "/" in record.key:
            continue
        update = decode_account_scored(record.value)
        number += 1
        covered[update.account] |= set(range(update.after_seq + 1, update.seq + 1))
        assert digests.setdefault((update.account, update.seq), update.digest) == update.digest, update.account
        for (kind, seq), content in changes_by_seq(update):
            assert content_by_seq.setdefault((update.account, kind, seq), content) == content, (
                update.account,
                kind,
                seq,
            )
    assert {id: max(seqs) for id, seqs in covered.items()} == {id: account.seq for id, account in accounts.items()}
    assert all(seqs == set(range(1, max(seqs) + 1)) for seqs in covered.values())
    assert {id: digests[id, account.seq] for id, account in accounts.items()} == {
        id: digest(account) for id, account in accounts.items()
    }
    return number


def changes_by_seq(update: AccountScored) -> Iterator[tuple[tuple[str, int], bytes]]:
    changes_of_seq: dict[tuple[str, int], list[object]] = defaultdict(list)
    changes = update.changes
    for kind in ("lines", "stages", "handoffs", "steps", "gated", "parked"):
        for each in getattr(changes, kind):
            changes_of_seq[kind, each.seq].append(each)
    for key, group in changes_of_seq.items():
        yield key, msgspec.json.encode(group)


def compare_dead_letters(log: Log) -> int:
    """Each unreadable record is a dead letter, identified by its place; returns their number."""
    unreadable = {
        (str(partition), str(record.offset))
        for partition in range(log.partitions(ENGAGEMENT))
        for record in partition_records(log, ENGAGEMENT, partition)
        if not is_readable(record.value)
    }
    headers = [parse_error_headers(record.headers) for record in topic_records(log, DEAD_LETTERS)]
    assert {(str(each["partition"]), str(each["offset"])) for each in headers} == unreadable
    return len(unreadable)


def is_readable(value: bytes) -> bool:
    try:
        decode_fact(value)
    except msgspec.MsgspecError:
        return False
    return True


def compare_embedded(log: Log, accounts: dict[str, Account], folder: Path) -> None:
    """The embedded host computes the same from the same log."""
    engine = open_database(f"sqlite:///{folder / 'embedded.db'}")
    migrate(engine)
    embedded = SqlLog(engine, log.partitions(ENGAGEMENT))
    for partition in range(log.partitions(ENGAGEMENT)):
        copy_facts(log, embedded, partition)
        scorer = Scorer(embedded, partition)
        while scorer.advance():
            continue
    last = embedded.latest(SCORES, list(accounts))
    digests = {id: decode_account_scored(record.value).digest for id, record in last.items()}
    assert digests == {id: digest(account) for id, account in accounts.items()}
    engine.dispose()


def copy_facts(log: Log, to: SqlLog, partition: int) -> None:
    """The facts of a partition, including repeated ones."""
    facts = [NewRecord(record.key, record.value) for record in partition_records(log, ENGAGEMENT, partition)]
    to.append(ENGAGEMENT, facts, partition=partition)
