"""Statements for many rows have the same effect on both databases, even if a call contains a key twice."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from database.statements import insert_missing, insert_rows, upsert, upsert_newer
from projections.directory import directory_accounts, directory_visitors
from projections.read_models.tables import read_models

_LEDGER = read_models().ledger
_LINE: dict[str, Any] = {
    "account": 'tab\tand\nline "quoted" \\N ü',
    "epoch": 0,
    "seq": 2**40,
    "n": 0,
    "track": "acquisition",
    "time": 1_736_035_200_000,
    "event": "",
    "type": "web.page_viewed.v1",
    "contact": "c_anna",
    "rule": "page",
    "points": 0.1 + 0.2,
    "weight": -1e-300,
    "cut": None,
    "half_life": None,
}


def accounts(database: Engine) -> list[Any]:
    with database.connect() as connection:
        found = select(directory_accounts).order_by(directory_accounts.c.account)
        return [tuple(row) for row in connection.execute(found)]


def account(seq: int, name: str, account: str = "acme.com") -> dict[str, Any]:
    return {"account": account, "name": name, "name_key": name.lower(), "seq": seq}


def test_what_is_added_comes_back_as_it_was(database: Engine) -> None:
    with database.begin() as connection:
        insert_rows(connection, _LEDGER, [_LINE, {**_LINE, "n": 1, "cut": "page", "half_life": 336}])

    with database.connect() as connection:
        rows = [row._asdict() for row in connection.execute(select(_LEDGER).order_by(_LEDGER.c.n))]
    assert rows == [_LINE, {**_LINE, "n": 1, "cut": "page", "half_life": 336}]


def test_of_rows_with_one_key_the_first_is_added(database: Engine) -> None:
    with database.begin() as connection:
        insert_missing(connection, directory_accounts, [account(1, "First"), account(2, "Second")])
        insert_missing(connection, directory_accounts, [account(3, "Third")])

    assert accounts(database) == [("acme.com", "First", "first", 1)]


def test_of_rows_with_one_key_the_last_is_put(database: Engine) -> None:
    with database.begin() as connection:
        upsert(
            connection, directory_accounts, [account(2, "First"), account(1, "Second"), account(5, "B", "b.example")]
        )

    assert accounts(database) == [("acme.com", "Second", "second", 1), ("b.example", "B", "b", 5)]


@pytest.mark.parametrize("stored_seq", [0, 2, 3, 9])
def test_of_rows_with_one_key_the_highest_seq_wins(database: Engine, stored_seq: int) -> None:
    with database.begin() as connection:
        insert_rows(connection, directory_accounts, [account(stored_seq, "Stored")])
        upsert_newer(connection, directory_accounts, [account(1, "One"), account(3, "Three"), account(2, "Two")])

    highest = ("Three", 3) if stored_seq < 3 else ("Stored", stored_seq)
    assert [(name, seq) for _, name, _, seq in accounts(database)] == [highest]


def test_columns_that_are_not_named_stay(database: Engine) -> None:
    with database.begin() as connection:
        upsert(connection, directory_visitors, [{"visitor": "v_one", "account": "acme.com", "contact": "c_anna"}])
        upsert(connection, directory_visitors, [{"visitor": "v_one", "account": "other.example"}])

    with database.connect() as connection:
        assert connection.execute(select(directory_visitors)).all() == [("v_one", "other.example", "c_anna")]


def test_no_rows_are_no_statement(database: Engine) -> None:
    with database.begin() as connection:
        for write in (insert_rows, insert_missing, upsert, upsert_newer):
            write(connection, directory_accounts, [])

    assert accounts(database) == []
