"""Visitors whose company is unknown: how many there are, and which of them still wait for one."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Engine, false, func, select, tuple_

from database import read_only, rows_by_key
from projections.read_models.versions import current_models
from projections.work.tables import moves, parked_facts
from schemas import decode_envelope

ANON = "anon:"
_ROWS_AT_ONCE = 5_000


class UnidentifiedVisitors(NamedTuple):
    """Visitors without an account, and their facts that are kept for one; bots are not counted."""

    visitors: int
    facts: int


class WaitingVisitor(NamedTuple):
    """How many facts the account of a visitor has, and how many of them are kept."""

    facts: int
    kept: int


class ParkedDomain(NamedTuple):
    """The domain that a parked fact of a visitor shows; `time` in milliseconds since 1970."""

    visitor: str
    domain: str
    time: int


def unidentified_visitors(engine: Engine) -> UnidentifiedVisitors:
    account = parked_facts.c.account
    # The facts of a move that is done are not kept.
    released = select(moves.c.account).where(moves.c.done == false())
    unreleased = (parked_facts.c.bot == false(), account.not_in(released))
    counts = select(func.count(account.distinct()), func.count()).where(*unreleased)
    with read_only(engine).connect() as connection:
        return UnidentifiedVisitors(*connection.execute(counts).one())


def waiting_visitors(engine: Engine, visitors: Iterable[str]) -> dict[str, WaitingVisitor]:
    """Those of the visitors that have facts under an account of their own, which is not released yet."""
    accounts = [ANON + visitor for visitor in visitors]
    with read_only(engine).connect() as connection:
        rows = _unreleased(connection, accounts)
        kept = _kept(connection, rows)
    return {account.removeprefix(ANON): WaitingVisitor(facts, kept.get(account, 0)) for account, facts in rows.items()}


def parked_domains(engine: Engine) -> Iterator[ParkedDomain]:
    """The domains that parked facts show, by visitor; facts of bots are left out. Holds a part of them in memory."""
    order = (parked_facts.c.account, parked_facts.c.seq)
    statement = select(*order, parked_facts.c.time, parked_facts.c.fact).where(parked_facts.c.bot == false())
    statement, last = statement.order_by(*order).limit(_ROWS_AT_ONCE), ("", 0)
    while True:
        with read_only(engine).connect() as connection:
            rows = connection.execute(statement.where(tuple_(*order) > tuple_(*last))).all()
        for row in rows:
            domain = decode_envelope(row.fact).domain
            if isinstance(domain, str) and domain:
                yield ParkedDomain(row.account.removeprefix(ANON), domain, row.time)
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = (rows[-1].account, rows[-1].seq)


def _unreleased(connection: Connection, accounts: list[str]) -> dict[str, int]:
    """Account -> number of its facts."""
    columns = current_models(connection).accounts.c
    statement = select(columns.account, columns.seq).where(columns.forwards_to.is_(None))
    return {row.account: row.seq for row in rows_by_key(connection, statement, columns.account, accounts)}


def _kept(connection: Connection, accounts: Iterable[str]) -> dict[str, int]:
    account = parked_facts.c.account
    counts = select(account, func.count()).group_by(account)
    return {row[0]: row[1] for row in rows_by_key(connection, counts, account, accounts)}
