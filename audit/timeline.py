"""The story of an account: facts, stage changes, handoffs and their steps, in the order of time."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from audit.replay import is_scored
from audit.summaries import TIME_PASSED, RecordedFact, recorded_fact
from schemas import StageChange, format_time, parse_time
from schemas.facts import family, unversioned
from scoring.fold import Account, PendingChanges, account_copy_at
from scoring.plan import Plan
from streams import Record
from streams.scorer import FactFilter, PartitionFold, load_nothing

Json = dict[str, Any]
_WITHOUT_STEP = {"handoff.assigned"}
"""Of the family handoff, but no step of the handoff."""
_GATED_TEXTS = {
    "suppressed": "would be handed over, and is suppressed",
    "with_sales": "would be handed over, and is with sales already",
    "cooling_down": "would enter the handoff stage, and is cooling down",
}


class _Counts:
    """How much of the pending changes has been told."""

    def __init__(self) -> None:
        self.stages = self.handoffs = self.steps = self.gated = 0

    def take(self, pending: PendingChanges | None) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """Stage changes, handoffs, steps and gated crossings since the last call."""
        if pending is None:
            return [], [], [], []
        new = (
            pending.stages[self.stages :], pending.handoffs[self.handoffs :], pending.steps[self.steps :],
            pending.gated[self.gated :],
        )  # fmt: skip
        self.stages, self.handoffs = len(pending.stages), len(pending.handoffs)
        self.steps, self.gated = len(pending.steps), len(pending.gated)
        return new


def timeline(records: Iterable[Record], id: str, plan: Plan, accept: FactFilter, at: int) -> list[Json]:
    """What the records of an account tell: entries {time, recorded_at, kind, text, contact, fact}, oldest first.

    `kind`: fact, stage or handoff. Names of contacts are pseudonyms, and ids of facts stand in `fact` alone.
    """
    if not is_scored(id):
        return []
    entries = [*_entries(records, id, plan, accept, at)]
    return sorted(entries, key=itemgetter("time"))


def _entries(records: Iterable[Record], id: str, plan: Plan, accept: FactFilter, at: int) -> Iterator[Json]:
    fold = PartitionFold(0, load_nothing, plan=plan, fact_filter=accept)
    told = _Counts()
    for record in records:
        facts_before = fold.facts
        if fold.apply(record) is None and fold.facts > facts_before:
            fact = recorded_fact(record.value)
            if fact is not None:
                yield from _entries_of_fact(fact, told.take(_pending(fold.accounts.get(id))))
    account = fold.accounts.get(id)
    if account is not None:
        falls = _pending(account_copy_at(account, at, plan))
        yield from (_stage_entry(fall, TIME_PASSED, None) for fall in (falls.stages if falls else []))


def _pending(account: Account | None) -> PendingChanges | None:
    return account.pending_changes if account else None


def _entries_of_fact(fact: RecordedFact, new: tuple[list[Any], list[Any], list[Any], list[Any]]) -> Iterator[Json]:
    """The fact itself, then what followed from it; falls before it have times of their own."""
    stages, handoffs, steps, gated = new
    name = unversioned(fact.type)
    is_decision = family(name) == "handoff" and name not in _WITHOUT_STEP
    if name != "review.due":
        ignored = is_decision and all(step.fact != fact.id for step in steps)
        text = f"{fact.summary}; changed nothing" if ignored else fact.summary
        kind = "handoff" if family(name) == "handoff" else "fact"
        yield _entry(fact.time, kind, text, fact.id, contact=fact.contact, recorded_at=fact.recordedtime)
    for change in stages:
        by_time = change.cause == "time"
        yield _stage_entry(change, TIME_PASSED if by_time else fact.summary, None if by_time else fact.id)
    for opened in handoffs:
        to = f" to {opened.route}" if opened.route else ""
        yield _entry(opened.crossed_at, "handoff", f"handoff {opened.handoff} proposed{to}", fact.id)
    for step in steps:
        if not is_decision:
            yield _entry(step.at, "handoff", f"handoff {step.handoff} {step.status}", fact.id)
    for gate in gated:
        yield _entry(gate.at, "handoff", f"{gate.track}: {_GATED_TEXTS.get(gate.why, gate.why)}", fact.id)


def _stage_entry(change: StageChange, cause: str, fact: str | None) -> Json:
    before, after = change.from_ or "no stage", change.to or "no stage"
    text = f"{change.track}: {before} → {after} with a score of {change.score:.1f}, by {cause}"
    return _entry(change.at, "stage", text.replace(f"by {TIME_PASSED}", "as time passed"), fact)


def _entry(
    time: str, kind: str, text: str, fact: str | None, contact: str | None = None, recorded_at: str | None = None
) -> Json:
    return {
        "time": canonical_time(time), "recorded_at": recorded_at, "kind": kind, "text": text, "contact": contact,
        "fact": fact,
    }  # fmt: skip


def canonical_time(text: str) -> str:
    """With milliseconds, so that texts sort as times."""
    return format_time(parse_time(text))
