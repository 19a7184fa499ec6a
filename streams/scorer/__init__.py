"""Folding one partition of `engagement` into `scores`."""

from streams.scorer.active_model import active_model_offset, active_plan, last_checkpoint
from streams.scorer.embedded import Scorer, load_nothing
from streams.scorer.gc_tuning import gc_frozen
from streams.scorer.partition_fold import FactFilter, PartitionFold
from streams.scorer.score_records import account_scored, take_score_records

__all__ = [
    "FactFilter",
    "PartitionFold",
    "Scorer",
    "account_scored",
    "active_model_offset",
    "active_plan",
    "gc_frozen",
    "last_checkpoint",
    "load_nothing",
    "take_score_records",
]
