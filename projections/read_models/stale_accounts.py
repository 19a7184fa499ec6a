"""Accounts whose rows no database takes, set aside so that the others go on.

Rows are made to fit every database, so this is the last resort. Such an account keeps its last rows and is written no
more until a rebuild; `audit verify` names it. Records of `scores` that are no updates are noted here, too: their
accounts go on with their next update.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Table, Text, select

from database import insert_missing, metadata, read_only
from projections.read_models.updates import UpdateBatch
from projections.read_models.versions import MAIN, version_of
from schemas import stored_text

stale_accounts = Table(
    "stale_accounts",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
)
"""`offset`: of the record of `scores`, or of the last one of the batch that could not be written."""

UNREADABLE = "unreadable"
"""The code of a record that is no update."""

_MAX_SHOWN = 500
"""Characters of an account or key; it may be the very text that no database takes."""
Failure = Callable[[Collection[str]], str | None]
"""The code of the error if the rows of these accounts cannot be written; None if they can."""


class StaleAccount(NamedTuple):
    account: str
    partition: int
    offset: int
    code: str


def unwritable_accounts(accounts: Sequence[str], failure: Failure) -> dict[str, str]:
    """The accounts that cannot be written, with the codes: by halves, in a number of trials that grows with their log.

    An account alone fails or not whatever else is written, so halves can be judged apart.
    """
    code = failure(accounts) if accounts else None
    if code is None:
        return {}
    if len(accounts) == 1:
        return {accounts[0]: code}
    half = len(accounts) // 2
    return unwritable_accounts(accounts[:half], failure) | unwritable_accounts(accounts[half:], failure)


def without_accounts(batch: UpdateBatch, left_out: Collection[str]) -> UpdateBatch:
    if not left_out:
        return batch
    return replace(
        batch,
        accounts={account: updates for account, updates in batch.accounts.items() if account not in left_out},
        contacts=[contact for contact in batch.contacts if contact.account not in left_out],
    )


def only_accounts(batch: UpdateBatch, kept: Collection[str]) -> UpdateBatch:
    return without_accounts(batch, set(accounts_of(batch)) - set(kept))


def accounts_of(batch: UpdateBatch) -> list[str]:
    """All accounts of a batch, each once."""
    return list(dict.fromkeys([*batch.accounts, *(contact.account for contact in batch.contacts)]))


def mark_stale(
    connection: Connection, version: int, batch: UpdateBatch, codes: Mapping[str, str], name: str = MAIN
) -> None:
    """Note these accounts of a batch, and its records that are no updates."""
    rows = [StaleAccount(account, batch.partition, batch.next_offset - 1, code) for account, code in codes.items()]
    rows += [StaleAccount(key, batch.partition, at, UNREADABLE) for at, key in batch.unreadable]
    fixed = {"projection": name, "version": version}
    fitting = (row._replace(account=stored_text(row.account[:_MAX_SHOWN])) for row in rows)
    insert_missing(connection, stale_accounts, [{**fixed, **row._asdict()} for row in fitting])


def read_stale(connection: Connection, name: str = MAIN, version: int | None = None) -> list[StaleAccount]:
    """What is set aside in a version of the read models, by default in the one in use."""
    c = stale_accounts.c
    condition = (c.projection == name, c.version == (version_of(connection, name) if version is None else version))
    rows = connection.execute(select(c.account, c.partition, c.offset, c.code).where(*condition).order_by(c.account))
    return [StaleAccount(*row) for row in rows]


def stale_in(engine: Engine) -> list[StaleAccount]:
    """What is set aside in the read models in use."""
    with read_only(engine).connect() as connection:
        return read_stale(connection)


def skipped_accounts(stale: Iterable[StaleAccount]) -> frozenset[str]:
    """The accounts that are written no more."""
    return frozenset(each.account for each in stale if each.code != UNREADABLE)
