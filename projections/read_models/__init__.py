"""The read models: their tables, and how an update changes their rows."""

from projections.read_models.evidence import collect_evidence
from projections.read_models.handoffs import proposal_data
from projections.read_models.rows import account_row, profile_columns
from projections.read_models.suppressions import AccountSuppressions, Change, Suppression, events_of, opened_in
from projections.read_models.tables import read_models
from projections.read_models.updates import Replay
from projections.read_models.versions import checkpoints, current_models

__all__ = [
    "AccountSuppressions",
    "Change",
    "Replay",
    "Suppression",
    "account_row",
    "checkpoints",
    "collect_evidence",
    "current_models",
    "events_of",
    "opened_in",
    "profile_columns",
    "proposal_data",
    "read_models",
]
