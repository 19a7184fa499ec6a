"""The state of an account as the fold keeps it in memory; `codec` writes it as JSON.

Sums are in forward form (see `scoring.plan.decay`): unweighted per contact, weighted per account, one per slot.
A slot is one half-life of one track.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from schemas import (
    Alias,
    Assignment,
    Changes,
    Forward,
    Gated,
    HandoffOpened,
    HandoffStep,
    Line,
    Parked,
    Release,
    StageChange,
    SuppressionSignal,
)
from scoring.plan.decay import Eras, Moment
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan, TrackPlan, TypePlan

FOLD_VERSION = 2
"""Part of every state and so of its digest; a state of another version is recomputed from `engagement`."""

ACCOUNT_CONTACT = "~account"
ANONYMOUS_PREFIX = "anon:"
NO_STAGE = -1
NEVER = -(1 << 40)

OPENED, CONCLUDED = 1, 2
"""What is known of an opportunity, as bits."""

Stamp = tuple[int, str]
"""(`time`, fact id): of two facts about one field the greater one wins."""


class Contact:
    """The engagement of one person, visitor or the pseudo-contact `~account`."""

    __slots__ = (
        "cap_counters",
        "dirty",
        "eras",
        "hash",
        "id",
        "last_engaged_days",
        "role",
        "role_at",
        "seq",
        "unweighted_sums",
        "weight",
    )

    def __init__(self, id: str, slots: int, tracks: int, weight: float, eras: Eras) -> None:
        self.id = id
        self.role: str | None = None
        self.role_at: Stamp | None = None
        self.weight = weight
        self.unweighted_sums = [0.0] * slots
        self.eras = eras
        self.last_engaged_days = [NEVER] * tracks
        self.cap_counters: dict[int | str, int] | None = None
        self.hash = 0
        self.seq = 0
        self.dirty = False


class Handoff:
    """A handoff that may still take a step (`CONTINUABLE_STATUSES`). Times in milliseconds since 1970."""

    __slots__ = ("accepted_at", "assigned_at", "deal_closed", "due_at", "opportunity", "status")

    def __init__(self, status: str, due_at: int | None) -> None:
        self.status = status
        self.due_at = due_at
        """Fixed when it was opened."""
        self.accepted_at: int | None = None
        self.opportunity: str | None = None
        """What it was converted to; `deal_closed` once that was won or lost."""
        self.deal_closed = False
        self.assigned_at: Stamp | None = None


class TrackState:
    """Stage, open handoffs and breadth of one account in one track of the plan."""

    __slots__ = (
        "act_now_until",
        "closed",
        "contacts_by_day",
        "cooldown_recorded",
        "cooling_until",
        "counted_day",
        "counts",
        "crossings",
        "open_handoffs",
        "plan",
        "stage",
    )

    def __init__(self, plan: TrackPlan) -> None:
        self.plan = plan
        self.stage = NO_STAGE
        self.crossings = 0
        self.open_handoffs: dict[int, Handoff] = {}
        """crossing -> the handoffs that may still take a step, in the order of their openings"""
        self.closed = plan.is_closed_for({})
        """Whether the track's `when` fails; derived from the profile."""
        self.cooling_until: int | None = None
        self.cooldown_recorded = False
        self.act_now_until: int | None = None
        self.contacts_by_day: dict[int, int] = {}
        """local day -> how many identified contacts were last engaged on it"""
        self.counts = [0] * len(plan.breadth_windows)
        """Breadth per window of the track on `counted_day`; derived from `contacts_by_day`."""
        self.counted_day = NEVER


class PendingChanges:
    """What happened since the account's last record; `lines` is None if the caller does not need them."""

    __slots__ = (
        "after_seq",
        "aliases",
        "assignments",
        "forwards",
        "gated",
        "handoffs",
        "joins",
        "lines",
        "parked",
        "profile",
        "releases",
        "signals",
        "stages",
        "steps",
    )

    def __init__(self, after_seq: int, keep_lines: bool = True) -> None:
        self.after_seq = after_seq
        self.lines: list[Line] | None = [] if keep_lines else None
        self.stages: list[StageChange] = []
        self.handoffs: list[HandoffOpened] = []
        self.steps: list[HandoffStep] = []
        self.gated: list[Gated] = []
        self.parked: list[Parked] = []
        self.releases: list[Release] = []
        self.forwards: list[Forward] = []
        self.profile = False
        self.joins: dict[str, str] = {}
        self.aliases: list[Alias] = []
        self.assignments: list[Assignment] = []
        self.signals: list[SuppressionSignal] = []


class Account:
    """Everything the fold knows about an account."""

    __slots__ = (
        "anonymous",
        "cap_counters",
        "claimed_domains",
        "clock",
        "contacts",
        "contacts_hash",
        "dirty_contacts",
        "employees",
        "epoch",
        "eras",
        "fit",
        "forward_move",
        "forwards_to",
        "grade",
        "id",
        "joins",
        "moment",
        "opportunities",
        "pending_changes",
        "profile",
        "seq",
        "size_bound",
        "sums",
        "suppressed",
        "today",
        "tracks",
    )

    def __init__(self, id: str, slots: int, moment: Moment, tracks: list[TrackState]) -> None:
        self.id = id
        self.anonymous = id.startswith(ANONYMOUS_PREFIX)
        """A visitor whose company is unknown: not scored."""
        self.seq = 0
        self.epoch = 0
        self.clock = NEVER
        self.moment = moment
        """Decay factors of the clock's hour; `today` is the clock's local day."""
        self.today = NEVER
        self.eras = moment.eras
        self.sums = [0.0] * slots
        self.tracks = tracks
        self.contacts: dict[str, Contact] = {}
        self.contacts_hash = 0
        self.cap_counters: dict[int | str, int] | None = None
        self.profile: dict[str, tuple[object, int, str]] = {}
        """field -> value, time, fact id"""
        self.claimed_domains: list[str] = []
        self.fit = 0.0
        self.grade = "unknown"
        self.employees: object = None
        """From the profile, for the small-company exception."""
        self.suppressed = False
        self.opportunities: dict[str, int] = {}
        """opportunity -> bits: `OPENED` if one of that id ever was, `CONCLUDED` while the last word is won or lost"""
        self.joins: dict[str, str] = {}
        self.forwards_to: str | None = None
        self.forward_move: str | None = None
        self.pending_changes: PendingChanges | None = None
        self.dirty_contacts: list[Contact] = []
        self.size_bound = 0
        """The most bytes that its records may take; no part of the state. The fold of a partition raises it."""


class AppliedFact(Struct, gc=False):
    """A fact while it is applied to an account: the decoded record, and what follows from its type and time."""

    decoded: DecodedFact
    data: Any
    type_plan: TypePlan
    time: int
    """Milliseconds since 1970; `day` is its local day."""
    day: int
    factors: Sequence[float]
    """Per growth class: turns points at `time` into the forward form of the account's sums."""
    raw: bytes
    plan: Plan

    @property
    def type(self) -> str:
        """Without version."""
        return self.type_plan.name


class TrackSnapshot(Struct, gc=False):
    """A track of an account at an instant: the score and breadth that decide which stages it may enter or keep."""

    account: Account
    state: TrackState
    score: float
    counts: list[int]
    instant: int


def changes_of(pending: PendingChanges, profile: dict[str, object] | None) -> Changes:
    return Changes(
        pending.lines or [],
        pending.stages,
        pending.handoffs,
        pending.steps,
        pending.gated,
        pending.parked,
        pending.releases,
        pending.forwards,
        profile,
        pending.joins,
        pending.aliases,
        pending.assignments,
        pending.signals,
    )
