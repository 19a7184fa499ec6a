"""Accounts as of a point in time, as JSON.

`latest` is the greatest `time` of any fact except control facts. The present is answered from the read models, a time
in the past by a replay of what was recorded by then.
"""

from typing import Any

import msgspec

from audit.replay import Progress, recorded_within, replay
from database import Database
from projections import open_queries, top_accounts
from schemas import ENGAGEMENT, TrackScore, format_time, parse_time
from scoring.fold import Account, account_at, account_copy_at, profile_with_claims, track_scores
from scoring.plan import Plan
from streams import Log
from streams.scorer import last_checkpoint

Json = dict[str, Any]
NO_LIMIT = 1 << 62


def latest_time(log: Log) -> int:
    """The latest fact time over all partitions, as far as they are scored; 0 for a log without facts."""
    checkpoints = (last_checkpoint(log, partition) for partition in range(log.partitions(ENGAGEMENT)))
    times = [checkpoint.latest for checkpoint in checkpoints if checkpoint is not None]
    return max((parse_time(text) for text in times if text is not None), default=0)


def ranked_accounts(
    engine: Database, plan: Plan, at: int, *, stage: str | None = None, limit: int = NO_LIMIT
) -> list[Json]:
    """The accounts of the read models, valued at `at`, highest first."""
    with open_queries(engine) as queries:
        ranked = top_accounts(queries, lambda state, _, at: tracks_at(state, at, plan), at, limit, stage)
        return [account_json_of_row(each.row, each.tracks, max(at, each.row.as_of)) for each in ranked]


def accounts_as_of(
    log: Log,
    until: int,
    *,
    stage: str | None = None,
    limit: int = NO_LIMIT,
    progress: Progress = lambda _: None,
) -> list[Json]:
    """The accounts from what was recorded by `until`, valued at that time, highest first."""
    replay_result = replay(log, accept=recorded_within(until=until), progress=progress)
    plan = replay_result.plan
    rows = [
        account_json_of_fold(account_copy_at(account, until, plan), plan) for account in replay_result.accounts.values()
    ]
    matching = [each for each in rows if stage is None or each["stage"] == stage]
    return sorted(matching, key=lambda each: (-each["score"], each["account"]))[:limit]


def tracks_at(state: bytes, at: int, plan: Plan) -> dict[str, TrackScore]:
    account = account_at(state, at, plan)
    return {} if account is None else track_scores(account, plan)


def account_json_of_row(row: Any, tracks: dict[str, TrackScore] | Any, as_of: int) -> Json:
    fit = {"points": row.fit_points, "grade": row.fit_grade}
    return account_json(row.account, row.name, tracks, fit, as_of, row.seq, row.model)


def account_json_of_fold(account: Account, plan: Plan) -> Json:
    name = profile_with_claims(account).get("name")
    fit = {"points": account.fit, "grade": account.grade}
    return account_json(account.id, name, track_scores(account, plan), fit, account.clock, account.seq, plan.version)


def account_json(
    id: str, name: object, tracks: dict[str, TrackScore], fit: Json, as_of: int, seq: int, model: str
) -> Json:
    """One account as JSON; score, stage and breadth at the top are those of the first track."""
    first = next(iter(tracks.values()))
    return {
        "account": id,
        "name": name,
        "stage": first.stage,
        "score": first.score,
        "fit": fit,
        "breadth": first.breadth,
        "tracks": {track: msgspec.to_builtins(scores) for track, scores in tracks.items()},
        "as_of": format_time(as_of),
        "seq": seq,
        "model": model,
    }
