"""Queries of the read models, in one snapshot.

Rows have the columns of `read_models/tables.py`; times are milliseconds since 1970.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, FromClause, Row, Select, and_, exists, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from database import read_only
from projections.read_models import versions
from projections.read_models.suppressions import TALKS, people_of
from projections.read_models.tables import ReadModels
from schemas import ACCEPTED, CONVERTED, OPEN_STATUSES, RECYCLED, REJECTED

Rows = Sequence[Row[Any]]
ANSWERED_STATUSES = (ACCEPTED, REJECTED, CONVERTED, RECYCLED)
"""Those that sales has answered, whatever followed."""


@contextmanager
def open_queries(engine: Engine, name: str = versions.MAIN) -> Iterator["ReadModelQueries"]:
    """All queries within the block see the same snapshot."""
    with read_only(engine).connect() as connection:
        yield ReadModelQueries(connection, versions.current_models(connection, name))


class ReadModelQueries:
    def __init__(self, connection: Connection, models: ReadModels) -> None:
        self.connection, self.models = connection, models

    def account(self, account: str) -> Row[Any] | None:
        accounts = self.models.accounts
        return self._one(select(accounts).where(accounts.c.account == account))

    def accounts_by_score(self, *, in_stage: bool = False) -> Select[Any]:
        """Scored accounts that are not retired, highest stored score first; `in_stage`: only those in a stage."""
        accounts = self.models.accounts
        scored = select(accounts).where(accounts.c.score.is_not(None), accounts.c.forwards_to.is_(None))
        chosen = scored.where(accounts.c.stage.is_not(None)) if in_stage else scored
        return chosen.order_by(accounts.c.score.desc(), accounts.c.account)

    def accounts(self) -> Rows:
        """All accounts, with anonymous (`anon:…`) and retired ones, by id."""
        accounts = self.models.accounts
        return self._all(select(accounts).order_by(accounts.c.account))

    def contacts(self, account: str) -> Rows:
        contacts = self.models.contacts
        return self._all(select(contacts).where(contacts.c.account == account).order_by(contacts.c.contact))

    def contact(self, contact: str) -> Rows:
        """The rows of the contact in all accounts."""
        contacts = self.models.contacts
        return self._all(select(contacts).where(contacts.c.contact == contact).order_by(contacts.c.account))

    def identified_contacts(self, account: str | None = None) -> Rows:
        """Contacts that are persons, of one account or of all, by account and contact."""
        contacts = self.models.contacts
        persons = select(contacts).where(
            contacts.c.contact.startswith("c_", autoescape=True), ~contacts.c.account.startswith("anon:")
        )
        chosen = persons if account is None else persons.where(contacts.c.account == account)
        return self._all(chosen.order_by(contacts.c.account, contacts.c.contact))

    def handoffs(self, *, only_open: bool = False, account: str | None = None) -> Rows:
        """Oldest crossing first, with the columns that `handoff_rows` adds; open: proposed or accepted."""
        handoffs = self.models.handoffs
        statement = self.handoff_rows().order_by(handoffs.c.crossed_at, handoffs.c.handoff)
        statement = statement.where(handoffs.c.status.in_(OPEN_STATUSES)) if only_open else statement
        return self._all(statement if account is None else statement.where(handoffs.c.account == account))

    def handoff(self, handoff: str) -> Row[Any] | None:
        """With the columns that `handoff_rows` adds."""
        return self._one(self.handoff_rows().where(self.models.handoffs.c.handoff == handoff))

    def handoff_rows(self) -> Select[Any]:
        """Handoffs, with `name` and `owner` of the account, and what became of later ones of the track.

        `answered_later`: whether sales answered one of them; `later`, `later_status`, `later_by`: the newest one that
        is proposed or accepted, its status and who accepted it.
        """
        handoffs, accounts = self.models.handoffs, self.models.accounts
        other, later = handoffs.alias(), handoffs.alias()
        with_sales = select(func.max(other.c.crossing)).where(*_later(other, handoffs), _is(other, OPEN_STATUSES))
        newest = with_sales.correlate(handoffs).scalar_subquery()
        beside = handoffs.outerjoin(accounts, accounts.c.account == handoffs.c.account).outerjoin(
            later, and_(*_later(later, handoffs), later.c.crossing == newest)
        )
        return select(
            handoffs,
            accounts.c.name.label("name"),
            accounts.c.owner.label("owner"),
            self.answered_later().label("answered_later"),
            later.c.handoff.label("later"),
            later.c.status.label("later_status"),
            later.c.by.label("later_by"),
        ).select_from(beside)

    def answered_later(self) -> ColumnElement[bool]:
        """Whether sales answered a later handoff of the same track."""
        handoffs, other = self.models.handoffs, self.models.handoffs.alias()
        answered = select(other.c.handoff).where(*_later(other, handoffs), _is(other, ANSWERED_STATUSES))
        return exists(answered.correlate(handoffs))

    def steps(self, handoff: str) -> Rows:
        steps = self.models.handoff_steps
        return self._all(select(steps).where(steps.c.handoff == handoff).order_by(steps.c.seq))

    def assignments(self, handoff: str) -> Rows:
        assignments = self.models.handoff_assignments
        return self._all(select(assignments).where(assignments.c.handoff == handoff).order_by(assignments.c.seq))

    def ledger_lines(self, account: str, up_to_seq: int | None = None) -> Rows:
        """The ledger lines whose sum is the score: those of the current epoch, or of the epoch at `up_to_seq`."""
        ledger = self.models.ledger
        of_epoch = [*self._ledger_conditions(account, up_to_seq), ledger.c.epoch == self._epoch_at(account, up_to_seq)]
        return self._all(select(ledger).where(*of_epoch).order_by(ledger.c.seq, ledger.c.n))

    def all_ledger_lines(self, account: str) -> Rows:
        """Ledger lines of all epochs, in the order in which they were written."""
        ledger = self.models.ledger
        statement = select(ledger).where(ledger.c.account == account)
        return self._all(statement.order_by(ledger.c.epoch, ledger.c.seq, ledger.c.n))

    def stage_changes(self, account: str) -> Rows:
        changes = self.models.stage_changes
        statement = select(changes).where(changes.c.account == account)
        return self._all(statement.order_by(changes.c.epoch, changes.c.seq, changes.c.n))

    def gated(self, account: str) -> Rows:
        gated = self.models.gated
        return self._all(select(gated).where(gated.c.account == account).order_by(gated.c.seq, gated.c.n))

    def suppressions(self, account: str | None = None, contact: str | None = None) -> Rows:
        """Those that hold, of one account or contact or of all, by account and contact; the whole account first."""
        table = self.models.suppressions
        held = select(table).where(table.c.ended_seq.is_(None), table.c.reason != TALKS)
        held = held if account is None else held.where(table.c.account == account)
        held = held if contact is None else held.where(table.c.contact == contact)
        return self._all(held.order_by(table.c.account, func.coalesce(table.c.contact, ""), table.c.since))

    def all_suppressions(self) -> Rows:
        """Every row that ever was, by account."""
        table = self.models.suppressions
        return self._all(select(table).order_by(table.c.account, table.c.started_seq))

    def people(self, handoffs: Iterable[str]) -> dict[str, list[str]]:
        """handoff -> the people of its evidence."""
        return people_of(self.connection, self.models, handoffs)

    def rows_between(self, table: str, account: str, after_seq: int, seq: int, by: str = "seq") -> Rows:
        """Rows of an account in a read model with after_seq < `by` <= seq, in order."""
        rows = self.models.metadata.tables[getattr(self.models, table).name]
        order = [rows.c[by], *([rows.c.n] if "n" in rows.c else [])]
        chosen = select(rows).where(rows.c.account == account, rows.c[by] > after_seq, rows.c[by] <= seq)
        return self._all(chosen.order_by(*order))

    def orphan_rows(self, table: str, by: str = "seq") -> Rows:
        """Rows of a read model that no update explains: their account does not exist, or its seq is lower."""
        rows, accounts = self.models.metadata.tables[getattr(self.models, table).name], self.models.accounts
        beside = rows.outerjoin(accounts, rows.c.account == accounts.c.account)
        chosen = select(rows).select_from(beside).where(or_(accounts.c.account.is_(None), rows.c[by] > accounts.c.seq))
        return self._all(chosen.order_by(rows.c.account, rows.c[by]))

    def _ledger_conditions(self, account: str, seq: int | None) -> list[ColumnElement[bool]]:
        ledger = self.models.ledger
        conditions = [ledger.c.account == account]
        return conditions if seq is None else [*conditions, ledger.c.seq <= seq]

    def _epoch_at(self, account: str, up_to_seq: int | None) -> int | None:
        if up_to_seq is None:
            row = self.account(account)
            return None if row is None else int(row.epoch)
        newest = select(func.max(self.models.ledger.c.epoch)).where(*self._ledger_conditions(account, up_to_seq))
        return self.connection.execute(newest).scalar()

    def _one(self, statement: Select[Any]) -> Row[Any] | None:
        return self.connection.execute(statement).first()

    def _all(self, statement: Select[Any]) -> Rows:
        return self.connection.execute(statement).all()


def _is(handoffs: FromClause, statuses: Sequence[str]) -> ColumnElement[bool]:
    return handoffs.c.status.in_(statuses)


def _later(other: FromClause, handoffs: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Whether `other` is a later handoff of the same account and track."""
    same = (other.c.account == handoffs.c.account, other.c.track == handoffs.c.track)
    return *same, other.c.crossing > handoffs.c.crossing
