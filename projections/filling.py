"""Filling the directory from score updates. Never overrules a claim that stands."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Table

from database.statements import add_missing, put, put_newer
from projections.work_tables import directory_accounts, directory_contacts, directory_domains, directory_visitors
from schemas.scores import AccountScored, ContactScored

Rows = list[dict[str, Any]]
Write = Callable[[Connection, Table, Rows], None]


def fill_directory(
    connection: Connection,
    updates: list[AccountScored],
    fresh: Iterable[AccountScored],
    contacts: Iterable[ContactScored],
) -> None:
    """`fresh`: those of the updates that were not told of before; they overrule where persons were found."""
    _fill_accounts(connection, updates)
    held = [scored for scored in contacts if not scored.account.startswith("anon:")]
    known = _in_order(_held(c, "contact") for c in held if c.contact.startswith("c_"))
    add_missing(connection, directory_contacts, known)
    visitors = _in_order(_held(c, "visitor") for c in held if c.contact.startswith("v_"))
    add_missing(connection, directory_visitors, visitors)
    moving = [update for update in updates if update.changes.releases or update.changes.joins]
    new = {(update.account, update.seq) for update in fresh} if moving else set()
    _follow(connection, [update for update in moving if (update.account, update.seq) in new], put)
    # What is told again may be older than what another partition told since.
    _follow(connection, [update for update in moving if (update.account, update.seq) not in new], add_missing)


def name_key(name: str) -> str:
    """Names that differ in case and blanks alone are the same."""
    return " ".join(name.casefold().split())


def _fill_accounts(connection: Connection, updates: Iterable[AccountScored]) -> None:
    told = [update for update in updates if not update.account.startswith("anon:")]
    new = [{"account": update.account, "seq": 0} for update in told if update.after_seq == 0]
    add_missing(connection, directory_accounts, _in_order(new))
    named = [(update, update.changes.profile) for update in told if update.changes.profile is not None]
    put_newer(connection, directory_accounts, _in_order(_account(update, profile) for update, profile in named))
    domains = (row for update, profile in named for row in _domains(update, profile))
    add_missing(connection, directory_domains, _in_order(domains))


def _account(update: AccountScored, profile: dict[str, Any]) -> dict[str, Any]:
    name = profile.get("name")
    return {"account": update.account, "seq": update.seq, "name": name, "name_key": name_key(name) if name else None}


def _domains(update: AccountScored, profile: dict[str, Any]) -> Rows:
    return [{"domain": domain, "account": update.account} for domain in profile.get("domains") or []]


def _held(scored: ContactScored, kind: str) -> dict[str, Any]:
    return {kind: scored.contact, "account": scored.account}


def _follow(connection: Connection, updates: list[AccountScored], write: Write) -> None:
    """Who stood alone as `anon:…` is from its release on found in the account it was released to, or joined in."""
    released = [(u.account.removeprefix("anon:"), release.to) for u in updates for release in u.changes.releases]
    visitors = [{"visitor": who, "account": to} for who, to in released if who.startswith("v_")]
    write(connection, directory_visitors, _in_order(visitors))
    contacts = [{"contact": who, "account": to} for who, to in released if not who.startswith("v_")]
    write(connection, directory_contacts, _in_order(contacts))
    write(connection, directory_visitors, _in_order(row for update in updates for row in _joined(update)))


def _in_order(rows: Iterable[dict[str, Any]]) -> Rows:
    """By key, so that projectors of other partitions that write the same rows wait for each other one way round."""
    return sorted(rows, key=lambda row: str(next(iter(row.values()))))


def _joined(update: AccountScored) -> Rows:
    joins = update.changes.joins.items()
    return [{"visitor": visitor, "account": update.account, "contact": contact} for visitor, contact in joins]
