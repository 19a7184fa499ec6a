"""The state of an account, as small typed classes. Never knows a rule.

Sums are in forward form (see `decay`): unweighted per contact, weighted per account, one per slot
(a slot is a half-life class of a track).
"""

from schemas.scores import Changes, Forward, Gated, HandoffOpened, HandoffStep, Line, Parked, Release, StageChange
from scoring.plan.decay import Eras, Moment

FOLD_VERSION = 1
"""State and digest name it; a record of another version is folded again from `engagement`."""

ACCOUNT_CONTACT = "~account"
ANONYMOUS_PREFIX = "anon:"
NO_STAGE = -1
NEVER = -(1 << 40)

Stamp = tuple[int, str]
"""(`time`, fact id): of two facts about one field the greater holds."""


class Contact:
    """What one person, visitor or the pseudo-contact `~account` did."""

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


class TrackState:
    """Stage, handoffs and breadth of one track. `open` holds the handoffs that may still be decided."""

    __slots__ = (
        "act_now_until",
        "contacts_by_day",
        "cooldown_recorded",
        "cooling_until",
        "counted_day",
        "counts",
        "crossings",
        "open_handoffs",
        "stage",
    )

    def __init__(self, windows: int) -> None:
        self.stage = NO_STAGE
        self.crossings = 0
        self.open_handoffs: dict[int, str] = {}
        self.cooling_until: int | None = None
        self.cooldown_recorded = False
        self.act_now_until: int | None = None
        self.contacts_by_day: dict[int, int] = {}
        """local day -> how many identified contacts were last engaged on it"""
        self.counts = [0] * windows
        """Breadth per window of the track, as of `counted_on`; follows from `days`."""
        self.counted_day = NEVER


class PendingChanges:
    """What happened since the last record of the account; `lines` is None where nobody asks for them."""

    __slots__ = (
        "after_seq",
        "forwards",
        "gated",
        "handoffs",
        "joins",
        "lines",
        "parked",
        "profile",
        "releases",
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


class Account:
    """Everything the fold knows of an account."""

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
        "pending_changes",
        "profile",
        "seq",
        "sums",
        "suppressed",
        "today",
        "tracks",
    )

    def __init__(self, id: str, slots: int, moment: Moment, tracks: list[TrackState]) -> None:
        self.id = id
        self.anonymous = id.startswith(ANONYMOUS_PREFIX)
        """A visitor without a company: not scored."""
        self.seq = 0
        self.epoch = 0
        self.clock = NEVER
        self.moment = moment
        """Of the clock's hour, as `today` is its local day."""
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
        """Employees, for the exception of small companies."""
        self.suppressed = False
        self.joins: dict[str, str] = {}
        self.forwards_to: str | None = None
        self.forward_move: str | None = None
        self.pending_changes: PendingChanges | None = None
        self.dirty_contacts: list[Contact] = []


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
    )
