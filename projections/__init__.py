"""Read models and how to query them: the projector writes them in one transaction with its checkpoints."""

from projections.aliases import directory_aliases
from projections.derived_facts import DECISIONS_SOURCE, STAFFEL_SOURCE, encode, new_event
from projections.directory import (
    Directory,
    directory_accounts,
    directory_contacts,
    directory_domains,
    directory_visitors,
)
from projections.handoff_decisions import DecisionRefused, accepted_beside, check_assignment, check_decision
from projections.lag import (
    PartitionLag,
    behind,
    database_time,
    end_offsets,
    lease_holders,
    projected_offsets,
    projected_offsets_in,
    projection_lag,
    projector_positions,
    reactor_backlog,
    read_lag,
    scoring_lag,
    visibility_lag,
)
from projections.partition_leases import MEMBER_ROLE_PREFIX, PARTITION_ROLE_PREFIX, LeasedPartitions
from projections.projector import Projector
from projections.queries import ANSWERED_STATUSES, ReadModelQueries, open_queries
from projections.ranking import top_accounts
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from projections.reactors.timers import Timers
from projections.read_models.stale_accounts import UNREADABLE, StaleAccount, read_stale, stale_in
from projections.read_models.versions import CheckpointConflict
from projections.rebuild import RebuildInProgress, rebuild
from projections.work import (
    UnidentifiedVisitors,
    WaitingVisitor,
    parked_domains,
    unidentified_visitors,
    waiting_visitors,
)
from projections.work_list import WorkListFilter, is_overdue, listed_handoffs

__all__ = [
    "ANSWERED_STATUSES",
    "DECISIONS_SOURCE",
    "MEMBER_ROLE_PREFIX",
    "PARTITION_ROLE_PREFIX",
    "STAFFEL_SOURCE",
    "UNREADABLE",
    "CheckpointConflict",
    "DecisionRefused",
    "Directory",
    "LeasedPartitions",
    "Mover",
    "PartitionLag",
    "Projector",
    "ReadModelQueries",
    "RebuildInProgress",
    "Relay",
    "StaleAccount",
    "Timers",
    "UnidentifiedVisitors",
    "WaitingVisitor",
    "WorkListFilter",
    "accepted_beside",
    "behind",
    "check_assignment",
    "check_decision",
    "database_time",
    "directory_accounts",
    "directory_aliases",
    "directory_contacts",
    "directory_domains",
    "directory_visitors",
    "encode",
    "end_offsets",
    "is_overdue",
    "lease_holders",
    "listed_handoffs",
    "new_event",
    "open_queries",
    "parked_domains",
    "projected_offsets",
    "projected_offsets_in",
    "projection_lag",
    "projector_positions",
    "reactor_backlog",
    "read_lag",
    "read_stale",
    "rebuild",
    "scoring_lag",
    "stale_in",
    "top_accounts",
    "unidentified_visitors",
    "visibility_lag",
    "waiting_visitors",
]
