"""The full report on one account, as `staffel account` and pages show it; numbers are not rounded."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from audit.accounts_as_of import account_json_of_fold, account_json_of_row
from audit.explain import line_of_fold, line_of_row, stage_change_of_fold, stage_change_of_row
from audit.handoff_report import HandoffView
from audit.replay import accept_all, fold_account, is_scored, recorded_within
from audit.summaries import RecordedFact, cause_text, contacts_who_asked, recorded_facts, summaries_of
from audit.timeline import timeline
from database import Database
from projections import open_queries
from schemas import Line
from scoring.fold import (
    NEVER,
    Account,
    Contact,
    PendingChanges,
    account_at,
    account_copy_at,
    decode_contact,
    profile_with_claims,
    track_scores,
)
from scoring.outlook import TrackOutlook, outlook_of
from scoring.plan import Plan, date_text
from streams import Log
from streams.scorer import FactFilter, PartitionFold, load_nothing

Json = dict[str, Any]


def account_report(
    engine: Database,
    log: Log,
    plan: Plan,
    id: str,
    at: int,
    *,
    historic: bool,
    lines: bool,
    deep: bool,
    with_timeline: bool = False,
) -> Json | None:
    """The account at `at`; `lines`: with the ledger lines, whose sums are the scores; `deep`: with every fact.

    None if there is no such account, or if it belongs to an anonymous visitor.
    """
    if not is_scored(id):
        return None
    report = report_from_history(log, plan, id, at) if historic else report_from_rows(engine, plan, id, at)
    if report is None:
        return None
    report["missing_roles"] = missing_roles(plan, report["contacts"])
    tell_in_words(report, list(recorded_facts(log.history(id), at if historic else None)))
    accept = recorded_within(until=at) if historic else accept_all
    if not lines:
        del report["lines"]
    if deep:
        report["facts"] = list(facts_with_lines(log, id, plan, accept))
    if with_timeline:
        report["timeline"] = timeline(log.history(id), id, plan, accept, at)
    return report


def missing_roles(plan: Plan, contacts: list[Json]) -> list[str]:
    """Roles of the model that no known person of the account has, the weightiest first."""
    present = {each["role"] for each in contacts if each["contact"].startswith("c_")}
    return sorted(
        (role for role in plan.roles if role not in {*present, "unknown"}), key=lambda role: -plan.roles[role]
    )


def tell_in_words(report: Json, facts: list[RecordedFact]) -> None:
    """Add what was done to lines and stage changes, and to contacts whether they asked to be left alone."""
    summaries = summaries_of(facts)
    types = {line["event"]: line["type"] for line in report["lines"]}
    for line in report["lines"]:
        line["done"] = cause_text(line["event"], line["type"], summaries)
    for change in report["stages"]:
        change["because"] = cause_text(change["cause"], types.get(change["cause"]), summaries)
    asked = contacts_who_asked(facts)
    for contact in report["contacts"]:
        contact["asked"] = asked.get(contact["contact"])


def report_from_rows(engine: Database, plan: Plan, id: str, at: int) -> Json | None:
    """From the read models, valued at `at`."""
    with open_queries(engine) as queries:
        row = queries.account(id)
        account = account_at(row.state, at, plan) if row is not None else None
        if row is None or account is None:
            return None
        contacts = [decode_contact(bytes(each.state), plan) for each in queries.contacts(id)]
        return {
            **account_json_of_row(row, track_scores(account, plan), max(at, row.as_of)),
            "profile": row.profile or {},
            "suppressed": row.suppressed,
            "next": next_json(account, plan),
            "contacts": [contact_json(each, account, plan) for each in sorted_by_id(contacts)],
            "stages": [
                *(stage_change_of_row(change) for change in queries.stage_changes(id)),
                *unrecorded_falls(account.pending_changes),
            ],
            "handoffs": [HandoffView.from_row(each, at) for each in queries.handoffs(account=id)],
            "lines": [line_of_row(line, max(at, row.as_of)) for line in queries.ledger_lines(id)],
        }


def report_from_history(log: Log, plan: Plan, id: str, until: int) -> Json | None:
    """By a replay of the account's facts that were recorded by `until`."""
    account = fold_account(log, id, plan, recorded_within(until=until))
    if account is None or account.pending_changes is None:
        return None
    valued, outcome = account_copy_at(account, until, plan), account.pending_changes
    lines = outcome.lines or []
    return {
        **account_json_of_fold(valued, plan),
        "profile": profile_with_claims(account),
        "suppressed": account.suppressed,
        "next": next_json(valued, plan),
        "contacts": [contact_json(each, valued, plan) for each in sorted_by_id(account.contacts.values())],
        "stages": [
            *(stage_change_of_fold(change) for change in outcome.stages),
            *unrecorded_falls(valued.pending_changes),
        ],
        "handoffs": [HandoffView.from_fold(account, opened, plan.version, until) for opened in outcome.handoffs],
        "lines": [line_of_fold(line, valued.clock) for line in lines],
    }


def next_json(account: Account, plan: Plan) -> Json:
    """Per track the next stage and what is missing for it, at the account's clock."""
    return {each.track: track_json(each) for each in outlook_of(account, plan)}


def track_json(outlook: TrackOutlook) -> Json:
    return {
        "stage": outlook.stage,
        "missing": msgspec.to_builtins(outlook.missing),
        "gated": outlook.gated,
        "cooling_until": outlook.cooling_until,
        "falls_at": outlook.falls_at,
        "because": outlook.because,
    }


def unrecorded_falls(outcome: PendingChanges | None) -> list[Json]:
    """Stage losses up to the requested time that no fact has recorded yet (scoring.md 28)."""
    return [stage_change_of_fold(change) for change in outcome.stages] if outcome else []


def sorted_by_id(contacts: Iterable[Contact]) -> list[Contact]:
    return sorted(contacts, key=lambda contact: contact.id)


def contact_json(contact: Contact, account: Account, plan: Plan) -> Json:
    """Engagement and scores of a contact at the account's clock; `joined`: the contact an identified visitor became."""
    days = {track.name: contact.last_engaged_days[track.number] for track in plan.tracks}
    return {
        "contact": contact.id,
        "role": contact.role,
        "engaged": {track: date_text(day) for track, day in days.items() if day != NEVER},
        "scores": {track.name: contact_score(contact, track.slots, account.moment.hour, plan) for track in plan.tracks},
        "joined": account.joins.get(contact.id),
    }


def contact_score(contact: Contact, slots: Iterable[tuple[int, int]], hour: int, plan: Plan) -> float:
    """The weighted sum of a track's slots, decayed to `hour`."""
    values = (contact.unweighted_sums[slot] / plan.growth.factor(k, hour, contact.eras[k]) for slot, k in slots)
    return contact.weight * sum(values)


def facts_with_lines(log: Log, id: str, plan: Plan, accept: FactFilter) -> Iterator[Json]:
    """Every fact of the account in log order, with its ledger lines; of a rejected record the reason."""
    fold = PartitionFold(0, load_nothing, plan=plan, fact_filter=accept)
    for record in log.history(id):
        facts_before, duplicates_before, lines_before = fold.facts, fold.duplicates, len(lines_of(fold, id))
        rejection = fold.apply(record)
        if rejection is not None:
            yield {"offset": record.offset, "refused": {"code": rejection.code, "why": rejection.why}}
        elif fold.facts > facts_before or fold.duplicates > duplicates_before:
            lines = [line_json(line) for line in lines_of(fold, id)[lines_before:]]
            yield {**msgspec.json.decode(record.value), "offset": record.offset, "lines": lines}


def lines_of(fold: PartitionFold, id: str) -> list[Line]:
    account = fold.accounts.get(id)
    return (account.pending_changes.lines or []) if account and account.pending_changes else []


def line_json(line: Line) -> Json:
    identity = {"track": line.track, "rule": line.rule, "contact": line.contact}
    return {**identity, "points": line.points, "weight": line.weight, "cut": line.cut}
