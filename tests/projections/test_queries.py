"""Queries of the read models: their results, the ranking without valuing all accounts, and the indexes they use."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from projections import directory
from projections.lag import read_lag
from projections.queries import ReadModelQueries, open_queries
from projections.ranking import RankedAccount, Tracks, highest_ranked, top_accounts
from projections.read_models.tables import read_models
from projections.work import tables as work_tables
from schemas.scores import AccountScored, Changes
from scoring.fold.valuation import decayed
from tests.projections.builders import (
    HOUR,
    NOON,
    account_scored,
    anonymous_scored,
    contact_scored,
    gated_crossing,
    handoff_opened,
    handoff_step,
    ledger_line,
    raw_json,
    stage_change,
    track_score,
    visitor_release,
)
from tests.projections.world import World

LATER = NOON + 1000 * HOUR


def account_worth(account: str, score: float, half_life: int, stage: str | None = None) -> AccountScored:
    """An account whose state says how fast it fades."""
    state = raw_json([score, half_life, stage])
    return account_scored(account, tracks={"acquisition": track_score(score, stage)}, state=state)


def value_at(state: bytes, _model: str, at: int) -> Tracks:
    score, half_life, stage = msgspec.json.decode(state)
    now = decayed(score, half_life, NOON, at)
    return {"acquisition": track_score(now, stage if now >= 10 else None)}


def top_scores(world: World, limit: int, stage: str | None = None, at: int = LATER) -> list[tuple[str, float]]:
    with open_queries(world.engine) as queries:
        return [(s.row.account, round(s.score, 6)) for s in top_accounts(queries, value_at, at, limit, stage)]


def test_accounts_are_ranked_by_what_they_are_worth_then(world: World) -> None:
    world.publish_and_project(
        account_worth("fast", 900, 100),
        account_worth("slow", 400, 1000),
        account_worth("low", 20, 1000),
        anonymous_scored(),
    )

    assert top_scores(world, 2, at=NOON) == [("fast", 900.0), ("slow", 400.0)]
    assert top_scores(world, 2) == [("slow", 200.0), ("low", 10.0)]
    assert top_scores(world, 9) == [("slow", 200.0), ("low", 10.0), ("fast", round(900 / 1024, 6))]


def test_a_stage_asked_for_is_the_stage_then(world: World) -> None:
    world.publish_and_project(
        account_worth("fell", 900, 50, "sqa"),
        account_worth("holds", 30, 1000, "sqa"),
        account_worth("never", 500, 1000),
    )

    assert top_scores(world, 9, stage="sqa") == [("holds", 15.0)]


def test_the_walk_stops_where_nothing_below_can_rise(world: World) -> None:
    world.publish_and_project(*(account_worth(f"account-{n:03}", 1000 - n, 1_000_000) for n in range(300)))
    valued: list[bytes] = []

    def counting(state: bytes, model: str, at: int) -> Tracks:
        valued.append(state)
        return value_at(state, model, at)

    with open_queries(world.engine) as queries:
        found = top_accounts(queries, counting, NOON + HOUR, 5)

    assert [account.row.account for account in found] == [f"account-{n:03}" for n in range(5)]
    assert len(valued) == 6  # with the one that ended the search


_SCORES = st.lists(
    st.tuples(st.sampled_from([-50, 0, 1, 7, 40, 300]), st.sampled_from([1, 24, 400, 9000])), max_size=12
)


@settings(max_examples=200)
@given(scores=_SCORES, limit=st.integers(1, 6), hours=st.integers(0, 3000))
def test_stopping_early_misses_no_account(scores: list[tuple[int, int]], limit: int, hours: int) -> None:
    at = NOON + hours * HOUR
    ranked = sorted(
        ((score, RankedAccount((), value_at(raw_json([score, half, None]), "", at))) for score, half in scores),  # type: ignore[arg-type]
        key=lambda entry: -entry[0],
    )
    every = sorted((account.score for _, account in ranked), reverse=True)

    assert [account.score for account in highest_ranked(iter(ranked), limit)] == every[:limit]


def test_queries_return_everything_about_an_account(world: World) -> None:
    changes = Changes(
        lines=[ledger_line(1), ledger_line(2)],
        stages=[stage_change(2, None, "sqa")],
        gated=[gated_crossing(1)],
        handoffs=[handoff_opened(2)],
    )
    world.publish_and_project(
        account_scored(seq=2, changes=changes), contact_scored(seq=2), contact_scored(contact="c_bert")
    )
    world.publish_and_project(account_scored(after_seq=2, seq=3, changes=Changes(steps=[handoff_step(3, "rejected")])))

    with open_queries(world.engine) as queries:
        known = queries.account("acme.com")
        assert known is not None
        assert known.seq == 3
        assert queries.account("nobody.example") is None
        assert [c.contact for c in queries.contacts("acme.com")] == ["c_anna", "c_bert"]
        assert [c.account for c in queries.contact("c_bert")] == ["acme.com"]
        assert [c.to_stage for c in queries.stage_changes("acme.com")] == ["sqa"]
        assert [g.why for g in queries.gated("acme.com")] == ["suppressed"]
        assert [h.status for h in queries.handoffs(account="acme.com")] == ["rejected"]
        assert queries.handoffs(only_open=True) == []
        assert [s.status for s in queries.steps("acme.com/acquisition/1")] == ["rejected"]


def test_lines_are_those_of_the_epoch_in_force_at_a_seq(world: World) -> None:
    world.publish_and_project(account_scored(seq=2, changes=Changes(lines=[ledger_line(1), ledger_line(2)])))
    again = Changes(lines=[ledger_line(3, 20.0, rule="all")])
    world.publish_and_project(account_scored(after_seq=2, seq=3, epoch=1, changes=again))

    with open_queries(world.engine) as queries:
        assert [row.rule for row in queries.ledger_lines("acme.com")] == ["all"]
        assert [row.seq for row in queries.ledger_lines("acme.com", up_to_seq=2)] == [1, 2]
        assert [row.seq for row in queries.ledger_lines("acme.com", up_to_seq=1)] == [1]
        assert len(queries.all_ledger_lines("acme.com")) == 3


def test_lag_counts_each_stage(world: World) -> None:
    world.publish_and_project(
        account_scored(seq=3, changes=Changes(handoffs=[handoff_opened(3)])),
        anonymous_scored(releases=[visitor_release()]),
    )
    world.publish(account_scored("other.example"))

    behind = read_lag(world.engine, world.log, NOON + 5 * HOUR)
    assert (sum(behind.scored.values()), sum(behind.projected.values())) == (0, 1)
    assert (behind.backlog, behind.is_idle) == ((1, 2 * HOUR, 1), False)

    world.project().run_reactors()
    assert read_lag(world.engine, world.log, NOON).is_idle


def _hot_reads(queries: ReadModelQueries) -> list[Select[object]]:
    models = read_models()
    outbox, timers = work_tables.outbox, models.timers
    return [
        queries.accounts_by_score().limit(50),
        select(models.ledger).where(models.ledger.c.account == "a", models.ledger.c.epoch == 0),
        select(models.contacts).where(models.contacts.c.contact == "c_anna"),
        select(models.handoffs).where(models.handoffs.c.status == "proposed").order_by(models.handoffs.c.crossed_at),
        select(outbox).where(outbox.c.published.is_(False)).order_by(outbox.c.n).limit(500),
        select(timers).where(timers.c.recorded.is_(False), timers.c.at <= 5),
        select(directory.directory_domains).where(directory.directory_domains.c.domain == "acme.com"),
        select(directory.directory_accounts).where(directory.directory_accounts.c.name_key == "acme"),
        select(work_tables.parked_facts).where(work_tables.parked_facts.c.account == "anon:v_one"),
    ]


@pytest.mark.parametrize("number", range(9))
def test_hot_reads_use_an_index_and_sort_nothing(database: Engine, number: int) -> None:
    with open_queries(database) as queries:
        plan = _plan(queries.connection, _hot_reads(queries)[number])

    assert "INDEX" in plan.upper() or "PRIMARY KEY" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def _plan(connection: Connection, statement: Select[object]) -> str:
    on_sqlite = connection.dialect.name == "sqlite"
    text = str(
        statement.compile(
            dialect=sqlite.dialect() if on_sqlite else postgresql.dialect(), compile_kwargs={"literal_binds": True}
        )
    )
    if not on_sqlite:  # on empty tables it would rather read everything
        connection.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
    rows = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if on_sqlite else ''}{text}").all()
    return "\n".join(str(row[-1]) for row in rows)
