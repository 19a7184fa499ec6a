"""Recomputes history from the log: replay, verify, explain. Only reads."""

from audit.account_report import account_report, contact_json
from audit.accounts_as_of import NO_LIMIT, accounts_as_of, latest_time, ranked_accounts
from audit.explain import summary_rows, sums_by_track
from audit.handoff_report import HandoffView, assignment_json, step_json
from audit.parallel_replay import ReplayJob, replay_in_parallel
from audit.replay import Progress, recomputed_updates, replay
from audit.summaries import mark_of
from audit.verify import VerifyResult, verify

__all__ = [
    "NO_LIMIT",
    "HandoffView",
    "Progress",
    "ReplayJob",
    "VerifyResult",
    "account_report",
    "accounts_as_of",
    "assignment_json",
    "contact_json",
    "latest_time",
    "mark_of",
    "ranked_accounts",
    "recomputed_updates",
    "replay",
    "replay_in_parallel",
    "step_json",
    "summary_rows",
    "sums_by_track",
    "verify",
]
