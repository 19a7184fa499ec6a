"""What an alert says besides its event: the company, the roles of its people, what they did, and the zone of the route.

It is read when the alert is made, and stored with it: every attempt and every channel says the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import MsgspecError

from alerts.reminders import route_of
from database import Database
from projections import ReadModelQueries, open_queries
from schemas import ENGAGEMENT, FactRecord, decode_fact
from schemas.facts import summary_of
from scoring.plan import Plan
from streams import Log, Record

Data = Mapping[str, Any]
PlanSource = Callable[[], Plan | None]
"""The model in force, asked for once per batch."""

MAX_REASONS = 3
"""As many reasons as a message shows; for these the facts are looked up."""
_COMPANY_FIELDS = ("industry", "employees", "country", "segment", "customer")
_NEWEST_RECORDS = 2_000
"""A log on a broker finds no records by key, so that only the newest of the partition are looked through."""


class Dossiers:
    def __init__(self, engine: Database, log: Log, plan: PlanSource) -> None:
        self._engine, self._log, self.plan = engine, log, plan

    def of(self, account: str, proposal: Data, plan: Plan | None) -> dict[str, Any]:
        """`company`, `reasons` and `zone`, as far as they are known."""
        with open_queries(self._engine) as queries:
            row = queries.account(account)
            company = {} if row is None else {"company": _company(row)}
            reasons = self._reasons(queries, account, proposal)
        return {**company, **({"reasons": reasons} if reasons else {}), **_zone(proposal, plan)}

    def _reasons(self, queries: ReadModelQueries, account: str, proposal: Data) -> list[dict[str, Any]]:
        """The reasons with `role` and `what`; the latter only for those that a message shows."""
        reasons = [dict(each) for each in proposal.get("reasons") or ()]
        roles = {row.contact: row.role for row in queries.contacts(account) if row.role}
        seq = (proposal.get("position") or {}).get("account_seq")
        newest = {(line.rule, line.contact): line for line in queries.ledger_lines(account, seq) if line.cut is None}
        lines = [newest.get((each["rule"], each["contact"])) for each in reasons[:MAX_REASONS]]
        data = self._data_of(account, {line.event for line in lines if line is not None})
        for each, line in zip(reasons, lines, strict=False):
            if line is not None:
                each["what"] = summary_of(line.type, data.get(line.event))
        return [{**each, "role": roles[each["contact"]]} if each["contact"] in roles else each for each in reasons]

    def _data_of(self, account: str, ids: Iterable[str]) -> dict[str, Data]:
        """Id of a fact -> its data."""
        wanted = set(ids)
        facts = (_decoded(record) for record in self._records(account)) if wanted else ()
        return {fact.id: fact.data for fact in facts if fact is not None and fact.id in wanted}

    def _records(self, account: str) -> Iterable[Record]:
        if self._log.unique_ids:  # a log in tables, which has an index of the keys
            return self._log.history(account)
        partition = self._log.partition_of(ENGAGEMENT, account)
        start = max(0, self._log.end(ENGAGEMENT, partition) - _NEWEST_RECORDS)
        records = self._log.read(ENGAGEMENT, partition, start, _NEWEST_RECORDS)
        return (record for record in records if record.key == account)


def _decoded(record: Record) -> FactRecord | None:
    try:
        return decode_fact(record.value)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _company(row: Any) -> dict[str, Any]:
    profile = row.profile or {}
    known = {name: profile[name] for name in _COMPANY_FIELDS if profile.get(name) is not None}
    return {**known, "fit": row.fit_grade, **({"owner": row.owner} if row.owner else {})}


def _zone(proposal: Data, plan: Plan | None) -> dict[str, str]:
    """The time zone of the handoff's route, else of the model."""
    if plan is None:
        return {}
    route = route_of(proposal, plan) if plan.model.handoff.routes else None
    return {"zone": (route.zone if route else None) or plan.model.timezone}
