"""Suppressions: who is left out of campaigns, derived from handoffs and from the signals of facts, in order of seq.

What follows from a change depends on the changes before it alone, however they are cut into updates. A row is kept when
its suppression has ended, so that the events of an update can be told again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, select

from database import rows_by_key, upsert
from projections.derived_facts import STAFFEL_SOURCE, index_key, new_event
from projections.read_models.tables import ReadModels
from projections.read_models.updates import UnseenUpdate
from schemas import (
    ACCEPTED,
    ASKED,
    CONVERTED,
    DISMISSED,
    ERASED,
    SUPPRESSION_ENDED,
    SUPPRESSION_STARTED,
    WITH_SALES,
    AccountScored,
    FactRecord,
    HandoffOpened,
    HandoffStep,
    SuppressionSignal,
    format_time,
    parse_time,
    stored_text,
)

TALKS = "~talks"
"""The reason of a row that is never published: sales talks about a handoff, and its contacts are suppressed."""
Change = HandoffOpened | HandoffStep | SuppressionSignal
_ORDER: Mapping[Any, int] = {HandoffStep: 0, HandoffOpened: 1, SuppressionSignal: 2}
"""Of changes of one fact: what ends first, then what opens, then what else the fact says."""
People = Mapping[str, Iterable[str]]
"""handoff -> the people of its evidence"""


@dataclass(slots=True)
class Suppression:
    """A row; times in milliseconds since 1970. `renewed_at`: when it was last asked for."""

    suppression: str
    account: str
    contact: str | None
    reason: str
    handoff: str | None
    since: int
    cause: str
    cause_type: str
    until: int | None
    started_seq: int
    renewed_at: int
    ended_at: int | None = None
    ended_by: str | None = None
    ended_type: str | None = None
    ended_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact that starts or ends a suppression; `at` in milliseconds."""

    seq: int
    at: int
    fact: str
    type: str


class AccountSuppressions:
    """All suppressions of one account; `changed` are those to write."""

    def __init__(self, account: str, rows: Iterable[Suppression], people: People) -> None:
        self.account, self._people = account, people
        self.rows = {row.suppression: row for row in rows}
        self.changed: dict[str, Suppression] = {}

    def apply(self, changes: Iterable[Change]) -> None:
        """The changes of an account, in any order."""
        for change in sorted(changes, key=lambda each: (each.seq, _ORDER[type(each)])):
            if isinstance(change, HandoffOpened):
                self._open(change)
            elif isinstance(change, HandoffStep):
                self._step(change)
            else:
                SIGNALS[change.kind](self, change, cause_of_signal(change))

    def _open(self, opened: HandoffOpened) -> None:
        cause = Cause(opened.seq, parse_time(opened.crossed_at), opened.fact, opened.cause_type)
        if opened.suppress == "account":
            self._start(None, WITH_SALES, cause, opened.handoff)
        elif opened.suppress == "contacts":
            self._start(None, TALKS, cause, opened.handoff)
            for person in self._people.get(opened.handoff, ()):
                if is_person(person):
                    self._start(person, WITH_SALES, cause, opened.handoff)

    def _step(self, step: HandoffStep) -> None:
        cause = Cause(step.seq, parse_time(step.at), step.fact, f"handoff.{step.status}")
        if step.status == ACCEPTED:
            self._talk_again(step.handoff, cause)
        elif step.status != CONVERTED:
            self._stop_talking(step.handoff, cause)

    def talks(self, signal: SuppressionSignal, cause: Cause) -> None:
        self._talk_again(signal.handoff, cause)

    def deal_closed(self, signal: SuppressionSignal, cause: Cause) -> None:
        self._stop_talking(signal.handoff, cause)

    def talked(self, signal: SuppressionSignal, cause: Cause) -> None:
        """Who replied, met us or was called is with sales, too, in each of its talks that had begun by then."""
        for talks in self._active(TALKS):
            if cause.at >= talks.since:
                self._start(signal.contact, WITH_SALES, cause, talks.handoff)

    def asked(self, signal: SuppressionSignal, cause: Cause) -> None:
        """Of a contact the newest word holds; of an account the last in the log, as for the gate of handoffs."""
        active = next(iter(self._active_of(ASKED, signal.contact)), None)
        if active is not None:
            active.renewed_at = max(active.renewed_at, cause.at)
            self.changed[active.suppression] = active
        elif signal.contact is None or cause.at >= self._last_end(ASKED, signal.contact):
            self._start(signal.contact, ASKED, cause)

    def released(self, signal: SuppressionSignal, cause: Cause) -> None:
        for active in self._active_of(ASKED, signal.contact):
            if signal.contact is None or cause.at >= active.renewed_at:
                self._end(active, cause)

    def erased(self, signal: SuppressionSignal, cause: Cause) -> None:
        self._start(signal.contact, ERASED, cause)

    def dismissed(self, signal: SuppressionSignal, cause: Cause) -> None:
        """Whom the talks suppressed is dismissed with the account until the end of the cool-down."""
        until = None if signal.until is None else parse_time(signal.until)
        for contact in self._contacts_of_talks(signal.handoff):
            self._start(contact, DISMISSED, cause, signal.handoff, until)

    def cooled_down(self, signal: SuppressionSignal, cause: Cause) -> None:
        of_track = f"{self.account}/{signal.track}/"
        for active in self._active(DISMISSED):
            if active.handoff is not None and active.handoff.startswith(of_track):
                self._end(active, cause)

    def _talk_again(self, handoff: str | None, cause: Cause) -> None:
        """Nothing changes where the talks go on."""
        contacts = self._contacts_of_talks(handoff)
        if any(row.handoff == handoff for row in self.rows.values() if row.reason == TALKS):
            self._start(None, TALKS, cause, handoff)
        for contact in contacts:
            self._start(contact, WITH_SALES, cause, handoff)

    def _stop_talking(self, handoff: str | None, cause: Cause) -> None:
        for reason in (WITH_SALES, TALKS):
            for active in self._active(reason):
                if active.handoff == handoff:
                    self._end(active, cause)

    def _contacts_of_talks(self, handoff: str | None) -> list[str | None]:
        """Whom the talks about a handoff suppress or suppressed."""
        of_talks = (row for row in self.rows.values() if row.reason == WITH_SALES and row.handoff == handoff)
        return sorted({row.contact for row in of_talks}, key=lambda contact: contact or "")

    def _active(self, reason: str) -> list[Suppression]:
        return [row for row in self.rows.values() if row.reason == reason and row.ended_seq is None]

    def _active_of(self, reason: str, contact: str | None, handoff: str | None = None) -> list[Suppression]:
        return [row for row in self._active(reason) if row.contact == contact and row.handoff == handoff]

    def _last_end(self, reason: str, contact: str | None) -> int:
        of_contact = (row for row in self.rows.values() if row.reason == reason and row.contact == contact)
        return max((row.ended_at for row in of_contact if row.ended_at is not None), default=0)

    def _start(
        self, contact: str | None, reason: str, cause: Cause, handoff: str | None = None, until: int | None = None
    ) -> None:
        """Start a suppression, unless the same one holds already."""
        if self._active_of(reason, contact, handoff):
            return
        id = suppression_id(self.account, contact, reason, handoff, cause.seq)
        fact = stored_text(cause.fact)
        row = Suppression(
            id, self.account, contact, reason, handoff, cause.at, fact, cause.type, until, cause.seq, cause.at
        )
        self.rows[id] = self.changed[id] = row

    def _end(self, row: Suppression, cause: Cause) -> None:
        row.ended_at, row.ended_by, row.ended_type = cause.at, stored_text(cause.fact), cause.type
        row.ended_seq = cause.seq
        self.changed[row.suppression] = row


SIGNALS: Mapping[str, Callable[[AccountSuppressions, SuppressionSignal, Cause], None]] = {
    "asked": AccountSuppressions.asked,
    "released": AccountSuppressions.released,
    "erased": AccountSuppressions.erased,
    "talked": AccountSuppressions.talked,
    "talks": AccountSuppressions.talks,
    "deal_closed": AccountSuppressions.deal_closed,
    "dismissed": AccountSuppressions.dismissed,
    "cooled_down": AccountSuppressions.cooled_down,
}


def cause_of_signal(signal: SuppressionSignal) -> Cause:
    return Cause(signal.seq, parse_time(signal.at), signal.fact, signal.type)


def is_person(contact: str) -> bool:
    """Not a visitor whom nobody knows: no campaign can address one."""
    return not contact.startswith(("v_", "~"))


def suppression_id(account: str, contact: str | None, reason: str, handoff: str | None, seq: int) -> str:
    """Derived, so that every rebuild and retry gives the same."""
    talks = [] if handoff is None else handoff.removeprefix(f"{account}/").split("/")
    return index_key("/".join([account, contact or "~account", reason, *talks, str(seq)]))


def relevant_changes(update: AccountScored, known_seq: int = 0) -> list[Change]:
    changes: list[Change] = [*update.changes.handoffs, *update.changes.steps, *update.changes.signals]
    return [each for each in changes if each.seq > known_seq]


def write_suppressions(connection: Connection, models: ReadModels, new_updates: Iterable[UnseenUpdate]) -> None:
    """Derive and write what new updates start and end. The rows of handoffs must have been written before."""
    changes: dict[str, list[Change]] = {}
    for unseen in new_updates:
        if new := relevant_changes(unseen.update, unseen.known_seq):
            changes.setdefault(unseen.update.account, []).extend(new)
    rows = _rows_of_accounts(connection, models, changes)
    opened = [handoff for of_account in changes.values() for handoff in opened_in(of_account)]
    people = people_of(connection, models, opened)
    for account, of_account in changes.items():
        suppressions = AccountSuppressions(account, rows.get(account, []), people)
        suppressions.apply(of_account)
        upsert(connection, models.suppressions, [asdict(row) for row in suppressions.changed.values()])


def suppression_events(
    connection: Connection, models: ReadModels, updates: Iterable[AccountScored]
) -> list[FactRecord]:
    """The events of these updates, in order, from the rows that they have led to; also of updates told before."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for update in updates:
        if relevant_changes(update):
            spans.setdefault(update.account, []).append((update.after_seq, update.seq))
    rows = _rows_of_accounts(connection, models, spans)
    return [
        event
        for account, of_account in spans.items()
        for seq, event in events_of(rows.get(account, []))
        if any(after < seq <= until for after, until in of_account)
    ]


def events_of(rows: Iterable[Suppression]) -> list[tuple[int, FactRecord]]:
    """The events of an account's suppressions with their seqs, in order; of one fact, ends first."""
    published = [row for row in rows if row.reason != TALKS]
    found = [(row.started_seq, 1, row.suppression, started_event(row)) for row in published]
    found += [(row.ended_seq, 0, row.suppression, ended_event(row)) for row in published if row.ended_seq is not None]
    return [(seq, event) for seq, _, _, event in sorted(found, key=lambda each: each[:3])]


def started_event(row: Suppression) -> FactRecord:
    until = None if row.until is None else format_time(row.until)
    data = _shared_data(row) | {"cause": row.cause, "cause_type": row.cause_type, "until": until}
    return new_event(STAFFEL_SOURCE, f"{row.suppression}:started", SUPPRESSION_STARTED, row.account, row.since, data)


def ended_event(row: Suppression) -> FactRecord:
    assert row.ended_at is not None
    data = _shared_data(row) | {"ended_at": format_time(row.ended_at), "cause": row.ended_by}
    data |= {"cause_type": row.ended_type}
    return new_event(STAFFEL_SOURCE, f"{row.suppression}:ended", SUPPRESSION_ENDED, row.account, row.ended_at, data)


def _shared_data(row: Suppression) -> dict[str, Any]:
    return {
        "suppression": row.suppression,
        "account": row.account,
        "contact": row.contact,
        "reason": row.reason,
        "since": format_time(row.since),
        "handoff": row.handoff,
    }


def _rows_of_accounts(
    connection: Connection, models: ReadModels, accounts: Iterable[str]
) -> dict[str, list[Suppression]]:
    table = models.suppressions
    statement = select(*(table.c[field.name] for field in fields(Suppression)))
    found: dict[str, list[Suppression]] = {}
    for row in rows_by_key(connection, statement, table.c.account, accounts):
        found.setdefault(row.account, []).append(Suppression(**row._mapping))
    return found


def people_of(connection: Connection, models: ReadModels, ids: Iterable[str]) -> dict[str, list[str]]:
    """handoff -> the people of its evidence."""
    handoffs = models.handoffs
    rows = rows_by_key(connection, select(handoffs.c.handoff, handoffs.c.people), handoffs.c.handoff, ids)
    return {row.handoff: row.people for row in rows}


def opened_in(changes: Iterable[Change]) -> list[str]:
    """The handoffs that were opened."""
    return [change.handoff for change in changes if isinstance(change, HandoffOpened)]
