"""The JSON rows of a replay: accounts and handoffs."""

from collections.abc import Iterable
from typing import Any

import msgspec

from audit.replay import digest
from schemas import HandoffStep
from scoring.fold import Account, account_copy_at, track_scores
from scoring.plan import Plan

Json = dict[str, Any]


def account_rows(accounts: Iterable[Account], at: int, plan: Plan) -> list[Json]:
    """Tracks valued at `at` (milliseconds); the digest is that of the state at its own clock."""
    return [account_row(account, at, plan) for account in accounts]


def account_row(account: Account, at: int, plan: Plan) -> Json:
    tracks = track_scores(account_copy_at(account, at, plan), plan)
    return {
        "account": account.id,
        "seq": account.seq,
        "digest": digest(account),
        "tracks": {name: msgspec.to_builtins(track) for name, track in tracks.items()},
    }


def handoff_rows(accounts: Iterable[Account], plan: Plan) -> list[Json]:
    """Handoffs in the order of their crossings, each with the status of its last step."""
    return [row for account in accounts for row in handoff_rows_of(account, plan)]


def handoff_rows_of(account: Account, plan: Plan) -> list[Json]:
    outcome = account.pending_changes
    if outcome is None:
        return []
    last_steps: dict[str, HandoffStep] = {step.handoff: step for step in outcome.steps}
    overdue = {step.handoff for step in outcome.steps if step.late}
    return [
        {
            **msgspec.to_builtins(opened),
            "account": account.id,
            "model": plan.version,
            "status": last_steps[opened.handoff].status if opened.handoff in last_steps else "proposed",
            "late": opened.handoff in overdue,
        }
        for opened in outcome.handoffs
    ]
