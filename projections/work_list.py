"""The work list of sales: the handoffs that wait for an answer or are being worked, the most urgent first."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, true

from database import rows_by_key
from projections.queries import ReadModelQueries
from schemas import ACCEPTED, EXPIRED, OPEN_STATUSES, PROPOSED

AWAITING_STATUSES = (PROPOSED, EXPIRED)
"""Those in which sales still has to answer."""


@dataclass(frozen=True, slots=True)
class WorkListFilter:
    """Which handoffs are listed; names are compared regardless of case.

    `user`: whose handoffs: assigned to that person, else accepted by it, else of its accounts.
    """

    user: str | None = None
    owner: str | None = None
    route: str | None = None
    track: str | None = None
    status: str | None = None
    only_overdue: bool = False
    also_closed: bool = False
    """Those that sales has answered, too; a `status` chooses among all."""


def listed_handoffs(
    queries: ReadModelQueries, at: int, chosen: WorkListFilter, limit: int | None = None
) -> list[Row[Any]]:
    """Overdue ones first, then what waits for an answer by its due time, then what is being worked; at most `limit`.

    Rows as of `ReadModelQueries.handoff_rows`; `at`: the instant that due times are compared with, in milliseconds.
    """
    handoffs, accounts = queries.models.handoffs, queries.models.accounts
    names = ("handoff", "route", "status", "crossed_at", "due_at", "by", "assigned_to")
    columns = [
        *(handoffs.c[name] for name in names),
        accounts.c.owner,
        queries.answered_later().label("answered_later"),
    ]
    beside = handoffs.outerjoin(accounts, accounts.c.account == handoffs.c.account)
    found = queries.connection.execute(select(*columns).select_from(beside).where(_condition(queries, chosen)))
    listed = sorted((row for row in found if _is_chosen(row, at, chosen)), key=lambda row: _urgency(row, at))
    ids = [row.handoff for row in listed[:limit]]
    rows = rows_by_key(queries.connection, queries.handoff_rows(), handoffs.c.handoff, ids)
    row_by_id = {row.handoff: row for row in rows}
    return [row_by_id[id] for id in ids]


def is_overdue(status: str, due_at: int | None, at: int) -> bool:
    """Whether sales has not answered and its time is over: at the very due time it is not yet."""
    if status not in AWAITING_STATUSES:
        return False
    return status == EXPIRED if due_at is None else at > due_at


def is_handoff_of(row: Any, user: str) -> bool:
    """Whether it is this person who has to deal with the handoff."""
    in_charge = row.assigned_to or (row.by if row.status == ACCEPTED else None) or row.owner
    return in_charge is not None and in_charge.casefold() == user.casefold()


def _condition(queries: ReadModelQueries, chosen: WorkListFilter) -> ColumnElement[bool]:
    handoffs = queries.models.handoffs
    of_track = handoffs.c.track == chosen.track if chosen.track else true()
    if chosen.status:
        return and_(of_track, handoffs.c.status == chosen.status)
    if chosen.also_closed:
        return of_track
    still_expired = and_(handoffs.c.status == EXPIRED, ~queries.answered_later())
    return and_(of_track, or_(handoffs.c.status.in_(OPEN_STATUSES), still_expired))


def _is_chosen(row: Any, at: int, chosen: WorkListFilter) -> bool:
    if chosen.only_overdue and not _is_overdue_row(row, at):
        return False
    if chosen.user is not None and not is_handoff_of(row, chosen.user):
        return False
    return _is_same(row.owner, chosen.owner) and _is_same(row.route, chosen.route)


def _is_same(name: str | None, wanted: str | None) -> bool:
    return wanted is None or (name is not None and name.casefold() == wanted.casefold())


def _is_overdue_row(row: Any, at: int) -> bool:
    return not row.answered_later and is_overdue(row.status, row.due_at, at)


def _urgency(row: Any, at: int) -> tuple[int, bool, int, int, str]:
    """Sorts overdue ones first, then those to answer, then accepted ones; each by due time, those without one last."""
    if _is_overdue_row(row, at):
        group = 0
    elif row.status in AWAITING_STATUSES and not row.answered_later:
        group = 1
    else:
        group = 2 if row.status == ACCEPTED else 3
    return group, row.due_at is None, row.due_at or 0, row.crossed_at, row.handoff
