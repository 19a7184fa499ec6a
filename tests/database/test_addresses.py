"""Addresses of databases: what they show, and what of them stands in no message."""

import sqlite3

import pytest
from psycopg import OperationalError
from sqlalchemy import make_url

from database import DatabaseError, parse_address, shown_address
from database.errors import database_error_of


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:///.staffel/staffel.db?timeout=3", "sqlite:///.staffel/staffel.db"),
        ("postgresql+psycopg://ann:geheim@db.example:5432/staffel", "postgresql+psycopg://db.example"),
        ("postgresql+psycopg://ann:geh%40eim@db.example/staffel?password=geheim", "postgresql+psycopg://db.example"),
        ("postgresql+psycopg://ann:12/geheim?#@db.example/staffel", "postgresql+psycopg://db.example"),
        ("postgresql+psycopg:///staffel?host=/run/geheim&user=ann", "postgresql+psycopg://"),
    ],
)
def test_an_address_shows_scheme_and_host_alone(address: str, shown: str) -> None:
    assert shown_address(parse_address(address)) == shown


@pytest.mark.parametrize(
    "address",
    [
        "geheim",
        "mysql://ann:geheim@db.example/staffel",
        "sqlite://",
        "postgresql+psycopg:/ann:geheim@db.example",
        "postgresql+psycopg://ann:geheim@db.example:geheim/staffel",
        "postgresql+psycopg://ann:a@geheim@db.example/staffel",
        "postgresql+psycopg://db.example/a@geheim",
        "postgresql+psycopg:///staffel?host=db.example&port=geheim&password=geheim",
        "postgresql+psycopg://ann:geheim@db.example/staffel?host=one,two&port=1,2,3",
        "sqlite://ann:geheim@db.example/staffel",
        "sqlite:///staffel.db?timeout=geheim",
    ],
)
def test_an_address_that_is_none_or_may_be_cut_at_the_wrong_place_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        parse_address(address)
    assert "write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME" in str(caught.value)
    assert not any(part in str(caught.value) for part in ("geheim", "ann", "db.example"))


@pytest.mark.parametrize(
    "text",
    [
        'connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed for user "ann"',
        'invalid sslmode value: "geheim"',
        'missing "=" after "geheim" in connection info string',
        "failed to resolve host 'geheim@db.example': Name or service not known",
        'FATAL:  database "geheim" does not exist',
    ],
)
def test_what_the_driver_quotes_of_the_address_is_left_out(text: str) -> None:
    error = database_error_of(OperationalError(text), "postgresql+psycopg://db.example")
    assert not any(part in str(error) for part in ("geheim", '"ann"', "127.0.0.1"))


def test_what_sqlite_says_is_kept() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    shown = shown_address(make_url("sqlite:///x.db"))
    assert "(database or disk is full)" in str(database_error_of(error, shown))
