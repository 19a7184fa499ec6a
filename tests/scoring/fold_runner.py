"""The fold for tests: facts go in as records of a partition; what it says comes out in the oracle's shape."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from audit.explain import line_of_fold, stage_change_of_fold
from schemas.scores import Changes
from schemas.times import format_time, parse_time
from scoring.fold.state import Account, PendingChanges, changes_of
from scoring.fold.valuation import account_copy_at, account_fit, track_scores
from scoring.model.loading import model_from_dict
from scoring.plan.compiler import compile_model
from scoring.plan.plan import Plan
from streams.log import Record
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import PartitionFold

HANDOFF_FIELDS = ("handoff", "track", "crossing", "crossed_at", "fact", "score", "route", "act_now", "due_at")
Json = dict[str, Any]
ACME = "acme.com"
VERSION = "test-1-000000000000"


def plan_of(model: Json) -> Plan:
    return compile_model(model_from_dict(model), VERSION)


def fact(id: str, time: str, type: str = "email.clicked", contact: str | None = "c_a", **fields: Any) -> Json:
    """A fact of acme.com, valid by default; `fields` are further attributes, such as `data`."""
    required = {"specversion": "1.0", "id": id, "source": "test", "type": f"{type}.v1", "subject": ACME, "time": time}
    known = {} if contact is None else {"contact": contact}
    return {**required, "recordedtime": time, **known, **fields}


def record_of(fact: Json, offset: int) -> Record:
    return Record(offset, fact["subject"], msgspec.json.encode(fact))


def records_of(facts: Iterable[Json]) -> list[Record]:
    return [record_of(fact, offset) for offset, fact in enumerate(facts, start=1)]


def fold_facts(plan: Plan, facts: Iterable[Json]) -> PartitionFold:
    """A partition after these facts, its outcomes whole."""
    fold = PartitionFold(0, load_nothing, plan=plan)
    for record in records_of(facts):
        fold.apply(record)
    return fold


def fold_report(plan: Plan, facts: Iterable[Json], at: str, account: str = ACME) -> Json:
    """What the fold says about an account after these facts, valued at `at`, as the oracle says it."""
    folded_account = fold_facts(plan, facts).accounts[account]
    assert folded_account.pending_changes is not None
    return account_report(folded_account, [all_changes(folded_account.pending_changes)], at, plan)


def all_changes(outcome: PendingChanges) -> Changes:
    return changes_of(outcome, None)


def account_report(account: Account, changes: list[Changes], at: str, plan: Plan) -> Json:
    """Everything there is to say about an account `at` an instant; `changes`: all that happened to it until now."""
    valued = account_copy_at(account, parse_time(at), plan)
    falls = [] if valued.pending_changes is None else [all_changes(valued.pending_changes)]
    scores = track_scores(valued, plan)
    return {
        "account": valued.id,
        "as_of": format_time(valued.clock),
        "seq": valued.seq,
        "fit": msgspec.to_builtins(account_fit(valued)),
        "suppressed": valued.suppressed,
        "tracks": {
            name: {**msgspec.to_builtins(score), **track_history(name, [*changes, *falls], valued.clock)}
            for name, score in scores.items()
        },
    }


def track_history(track: str, changes: list[Changes], at: int) -> Json:
    lines = [line_of_fold(line, at) for each in changes for line in each.lines]
    moves = [stage_change_of_fold(change) for each in changes for change in each.stages]
    gated = [msgspec.to_builtins(gate) for each in changes for gate in each.gated]
    return {
        "stages": [without_keys(move, "track") for move in moves if move["track"] == track],
        "handoffs": list(handoff_rows(track, changes)),
        "gated": [without_keys(gate, "seq") for gate in gated if gate["track"] == track],
        "lines": [line for line in lines if line["track"] == track],
    }


def handoff_rows(track: str, changes: list[Changes]) -> Iterator[Json]:
    steps = [step for each in changes for step in each.steps]
    for opened in (opened for each in changes for opened in each.handoffs if opened.track == track):
        own = [step for step in steps if step.handoff == opened.handoff]
        yield {
            **{name: getattr(opened, name) for name in HANDOFF_FIELDS},
            "status": own[-1].status if own else "proposed",
            "late": any(step.late for step in own),
        }


def without_keys(content: Json, *names: str) -> Json:
    return {name: value for name, value in content.items() if name not in names}
