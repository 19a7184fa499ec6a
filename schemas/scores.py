"""Records of the topic `scores`: what the scorer publishes about accounts and contacts."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

ACCOUNT_SCORED = "account.scored.v1"
CONTACT_SCORED = "contact.scored.v1"
CHECKPOINT = "checkpoint.v1"
CHECKPOINT_KEY = "~checkpoint"


class Line(Struct, frozen=True, gc=False):
    """One counted or cut contribution. `now` at an instant is points x weight x fading, 0 where `cut` is set."""

    track: str
    seq: int
    """The account's seq at the fact that earned the points."""
    time: str
    event: str
    type: str
    contact: str
    rule: str
    points: float
    weight: float
    cut: str | None
    half_life: int | None
    """Hours; null means no decay."""


class StageChange(Struct, frozen=True, gc=False, rename={"from_": "from"}):
    track: str
    seq: int
    at: str
    from_: str | None
    to: str | None
    cause: str
    """Fact id, or `time`."""
    score: float


class HandoffOpened(Struct, frozen=True):
    handoff: str
    track: str
    crossing: int
    seq: int
    crossed_at: str
    fact: str
    """Id of the fact that caused the crossing; its type without version, its `time` and its `recordedtime` follow."""
    cause_type: str
    cause_time: str
    recorded_at: str
    score: float
    route: str | None
    act_now: bool
    due_at: str | None
    suppress: str = "contacts"
    """Whom marketing leaves alone while sales talks: contacts, account or none."""


class HandoffStep(Struct, frozen=True):
    """A decision that the fold took notice of (docs/scoring.md, rule 26), or what followed from a fact: a withdrawal,
    a conversion by an opportunity, the way back of a lost one. Ignored decisions make no step."""

    handoff: str
    track: str
    crossing: int
    seq: int
    status: str
    """accepted, rejected, expired, withdrawn, recycled or converted."""
    at: str
    """When it was decided; `recorded_at` is when the fact was written."""
    recorded_at: str
    fact: str
    by: str | None
    reason: str | None
    note: str | None
    opportunity: str | None
    late: bool


class Assignment(Struct, frozen=True):
    """Somebody is to answer a handoff; it changes nothing else, and takes no step number."""

    handoff: str
    track: str
    crossing: int
    seq: int
    at: str
    recorded_at: str
    fact: str
    by: str | None
    to: str


class Gated(Struct, frozen=True):
    track: str
    seq: int
    crossing: int | None
    at: str
    fact: str
    why: str
    """suppressed, with_sales or cooling_down."""


class SuppressionSignal(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a fact says about who is to be left out of campaigns; `handoff_events` holds what follows from it."""

    seq: int
    kind: str
    """asked, released, erased (of a contact, else of the account); talked (a contact replied, met us or was called);
    talks, deal_closed (of a converted handoff, after news of its opportunity); dismissed (a rejected handoff);
    cooled_down (a track)."""
    at: str
    fact: str
    type: str
    """Of the fact, without version."""
    contact: str | None = None
    handoff: str | None = None
    track: str | None = None
    until: str | None = None
    """The end of a cool-down."""


class Parked(Struct, frozen=True):
    """A fact of an account without a company, kept until its visitor is identified."""

    seq: int
    time: str
    event: str
    source: str
    fact: msgspec.Raw


class Release(Struct, frozen=True):
    """The visitor of this `anon:` account was identified: its parked facts belong to `to`."""

    move: str
    to: str


class Forward(Struct, frozen=True):
    """A fact that came to a released `anon:` account: to be recorded again under `to`."""

    move: str
    to: str
    event: str
    source: str
    fact: msgspec.Raw


class Alias(Struct, frozen=True, gc=False):
    """The id or name of the account in another system."""

    system: str | None
    id: str | None
    name: str | None


class Changes(Struct, frozen=True, omit_defaults=True):
    """What happened between `after_seq` and `seq`, in the order of the facts."""

    lines: list[Line] = []
    stages: list[StageChange] = []
    handoffs: list[HandoffOpened] = []
    steps: list[HandoffStep] = []
    gated: list[Gated] = []
    parked: list[Parked] = []
    releases: list[Release] = []
    forwards: list[Forward] = []
    profile: dict[str, Any] | None = None
    """All known firmographic fields, if one of them changed."""
    joins: dict[str, str] = {}
    """visitor -> contact, newly joined."""
    aliases: list[Alias] = []
    """Newly added."""
    assignments: list[Assignment] = []
    """Those that are the newest of their handoff."""
    signals: list[SuppressionSignal] = []


class TrackScore(Struct, frozen=True):
    score: float
    stage: str | None
    breadth: int
    falls_at: str | None
    crossings: int
    cooling_until: str | None
    act_now_until: str | None


class Fit(Struct, frozen=True):
    points: float
    grade: str


class AccountScored(Struct, frozen=True):
    """Key: the account id. `state` is the scorer's own and may change its shape with `fold`."""

    type: str
    account: str
    after_seq: int
    seq: int
    as_of: str
    model: str
    fold: int
    epoch: int
    tracks: dict[str, TrackScore]
    fit: Fit
    suppressed: bool
    digest: str
    state: msgspec.Raw
    changes: Changes
    forwards_to: str | UnsetType = UNSET


class ContactScored(Struct, frozen=True):
    """Key: `account/contact`; `seq` is the account's at the contact's last change."""

    type: str
    account: str
    contact: str
    seq: int
    model: str
    role: str | None
    engaged: dict[str, str]
    """track -> last engaged local day, `2026-01-05`."""
    scores: dict[str, float]
    """Weighted, at the account's `as_of` of that seq."""
    state: msgspec.Raw


class Checkpoint(Struct, frozen=True):
    """Key `~checkpoint`: everything of `topic` below offset `next` is in the records up to this one."""

    type: str
    topic: str
    next: int
    model_at: int | None
    """Offset of the activation in force, in the same partition."""
    latest: str | None = None
    """The greatest `time` of the partition's facts, except control facts."""
    log: str | UnsetType = UNSET
    """Identifies this `topic` among all that ever had its name; only for a log on Kafka."""


encode_score = msgspec.json.Encoder().encode
decode_account_scored = msgspec.json.Decoder(AccountScored).decode
decode_contact_scored = msgspec.json.Decoder(ContactScored).decode
decode_checkpoint = msgspec.json.Decoder(Checkpoint).decode
