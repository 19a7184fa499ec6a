"""A replay as programs get it. Never writes."""

from typing import Any

import msgspec

from audit.replay import Progress, digest, recorded_within, replay
from schemas.scores import HandoffStep
from scoring.asking import seen_at, track_scores
from scoring.plan import Plan
from scoring.state import Account
from staffel.wiring import Staffel

Json = dict[str, Any]


def replayed_json(
    staffel: Staffel, plan: Plan | None, since: int | None, until: int | None, progress: Progress
) -> Json:
    """Accounts with digest and tracks valued at the end of the replay, and the handoffs that it opened."""
    done = replay(staffel.log, plan, recorded_within(since, until), progress=progress)
    at = done.latest if until is None else until
    accounts = [account_json(account, at, done.plan) for _, account in sorted(done.accounts.items())]
    handoffs = [each for _, account in sorted(done.accounts.items()) for each in handoffs_json(account, done.plan)]
    return {"model": done.plan.version, "facts": done.facts, "accounts": accounts, "handoffs": handoffs}


def account_json(account: Account, at: int, plan: Plan) -> Json:
    """The digest is that of the state at its own clock."""
    tracks = track_scores(seen_at(account, at, plan), plan)
    return {
        "account": account.id,
        "seq": account.seq,
        "digest": digest(account),
        "tracks": {name: msgspec.to_builtins(track) for name, track in tracks.items()},
    }


def handoffs_json(account: Account, plan: Plan) -> list[Json]:
    """In the order of their crossings, each with the status its last step left."""
    outcome = account.outcome
    if outcome is None:
        return []
    last: dict[str, HandoffStep] = {step.handoff: step for step in outcome.steps}
    late = {step.handoff for step in outcome.steps if step.late}
    return [
        {
            **msgspec.to_builtins(opened),
            "account": account.id,
            "model": plan.version,
            "status": last[opened.handoff].status if opened.handoff in last else "proposed",
            "late": opened.handoff in late,
        }
        for opened in outcome.handoffs
    ]
