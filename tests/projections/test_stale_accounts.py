"""An account whose values the database refuses is set aside: the others are written, and a rebuild heals it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from audit.verify import verify
from database.errors import data_error_code
from projections.queries import open_queries
from projections.read_models.stale_accounts import read_stale, unwritable_accounts
from projections.rebuild import rebuild
from schemas.scores import AccountScored, encode_score
from schemas.topics import SCORES
from staffel.application import replay_of
from streams.log import NewRecord
from tests.projections.builders import account_scored, contact_scored
from tests.projections.poison import Home, fact
from tests.projections.world import World


def refuse(engine: Engine, account: str, table: str = "accounts") -> None:
    """Let the database refuse the rows of this account, as it refuses a value that no check foresaw."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(
                text(f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK (account <> '{account}') NOT VALID")
            )
        else:
            connection.execute(
                text(
                    f"CREATE TRIGGER refused BEFORE INSERT ON {table} WHEN NEW.account = '{account}' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )


def allow(engine: Engine, table: str = "accounts") -> None:
    with engine.begin() as connection:
        is_postgres = engine.dialect.name == "postgresql"
        connection.execute(
            text(f"ALTER TABLE {table} DROP CONSTRAINT refused" if is_postgres else "DROP TRIGGER refused")
        )


def stale_of(world: World) -> list[tuple[str, int, int]]:
    with world.engine.connect() as connection:
        return [each[:3] for each in read_stale(connection)]


def rows_of(world: World) -> list[Any]:
    return sorted(world.rows("accounts", "account"))


def test_the_other_accounts_of_a_batch_are_written_and_the_account_is_named(world: World) -> None:
    refuse(world.engine, "b.com")
    world.publish_and_project(*(account_scored(f"{name}.com") for name in "abcde"))
    assert rows_of(world) == ["a.com", "c.com", "d.com", "e.com"]
    assert stale_of(world) == [("b.com", 0, 4)]


def test_a_contact_that_is_refused_sets_its_whole_account_aside(world: World) -> None:
    refuse(world.engine, "b.com", "contacts")
    world.publish_and_project(account_scored("a.com"), account_scored("b.com"), contact_scored("b.com"))
    assert (rows_of(world), [each[0] for each in stale_of(world)]) == (["a.com"], ["b.com"])


def test_what_is_set_aside_is_written_no_more_and_stops_no_later_update(world: World) -> None:
    refuse(world.engine, "b.com")
    world.publish_and_project(account_scored("b.com"))
    allow(world.engine)
    world.publish_and_project(account_scored("b.com", 1, 2), account_scored("a.com"))
    assert (rows_of(world), len(stale_of(world))) == (["a.com"], 1)
    world.projector = world.new_projector()
    world.publish_and_project(account_scored("b.com", 2, 3), account_scored("a.com", 1, 2))
    assert rows_of(world) == ["a.com"]


@pytest.mark.parametrize("forged", [account_scored("b.com", as_of="never"), account_scored("b.com", epoch=10**30)])
def test_an_update_that_only_looks_like_one_is_set_aside(world: World, forged: AccountScored) -> None:
    world.publish(account_scored("a.com"), account_scored("c.com"))
    world.log.append(SCORES, [NewRecord("b.com", encode_score(forged))])
    world.project()
    assert (rows_of(world), len(stale_of(world))) == (["a.com", "c.com"], 1)


def test_every_other_error_is_raised_and_nothing_is_set_aside(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE accounts RENAME TO hidden"))
    world.publish(account_scored("a.com"))
    with pytest.raises(Exception, match="accounts") as raised:
        world.project()
    assert (data_error_code(raised.value), stale_of(world)) == (None, [])


def test_verify_names_it_missing_and_a_rebuild_heals_it(database: Engine) -> None:
    home = Home(database)
    refuse(database, "b.com")
    home.append(*(fact(f"f{name}", f"{name}.com") for name in "abc")).run()
    [missing] = verify(home.log, database).mismatches
    assert (missing.account, missing.field, missing.recorded) == ("b.com", "rows", None)
    assert "missing" in missing.computed
    rebuild(database, home.log, replay_of(home.log))
    home.append(fact("later", "b.com")).run()
    assert home.mismatches() == []
    with open_queries(database) as queries:
        row = queries.account("b.com")
    assert row is not None
    assert row.seq == 2


def test_a_rebuild_sets_aside_what_it_cannot_write_either(database: Engine) -> None:
    home = Home(database)
    home.append(*(fact(f"f{name}", f"{name}.com") for name in "abc")).run()
    rebuild(database, home.log, replay_of(home.log))
    refuse(database, "b.com")  # version 1 is free again, and the next rebuild but one takes its tables
    home.append(fact("later", "a.com")).run()
    assert home.mismatches() == []


JUNK = [b"", b'{"type":"account.scored.v1","state":[1]}', b"\xff"]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("key", ["acme.com", "acme.com/c_a", "~checkpoint", "new.com", "new.com/c_x"])
def test_junk_on_scores_stops_neither_scorer_nor_projector(database: Engine, key: str, junk: bytes) -> None:
    home = Home(database)
    home.append(fact("f1"), fact("f2", "beta.com")).run()
    home.log.append(SCORES, [NewRecord(key, junk)])
    again = Home(database).append(fact("f3"), fact("f4", "beta.com")).run()
    with open_queries(database) as queries:
        rows = {row.account: (row.seq, row.score) for row in queries.accounts()}
    assert rows == {"acme.com": (2, 120.0), "beta.com": (2, 120.0)}
    assert again.mismatches() == []
    with database.connect() as connection:
        assert [(each.account, each.code) for each in read_stale(connection)] == [(key, "unreadable")]


@given(st.sets(st.integers(0, 200), max_size=6), st.integers(1, 200))
def test_bisecting_finds_exactly_the_accounts_that_fail(bad: set[int], number: int) -> None:
    trials: list[int] = []

    def failure(accounts: Any) -> str | None:
        trials.append(len(accounts))
        return "22021" if bad & {int(account) for account in accounts} else None

    accounts = [str(n) for n in range(number)]
    found = unwritable_accounts(accounts, failure)
    assert found == {str(n): "22021" for n in sorted(bad) if n < number}
    assert len(trials) <= 1 + 2 * len(found) * 9


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO projections VALUES (NULL, NULL)", "INSERT INTO projections (projection, version) VALUES ('a', NULL)"],
)
def test_a_broken_constraint_is_an_error_of_the_data_and_a_missing_table_is_none(
    database: Engine, statement: str
) -> None:
    with pytest.raises(Exception, match=r"(?i)null") as broken, database.begin() as connection:
        connection.exec_driver_sql(statement)
    with pytest.raises(Exception, match="nowhere") as missing, database.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert (data_error_code(broken.value), data_error_code(missing.value)) == (
        "23502" if database.dialect.name == "postgresql" else "IntegrityError",
        None,
    )
