"""One partition of `engagement` on its way through the fold, live and in replays. Never reads or writes the log."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from schemas.facts.registry import CONTROL_TYPES, STRUCTURE_TYPES, unversioned
from schemas.facts.upcasters import OUTDATED_TYPES
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, MAX_RECORD_BYTES
from scoring.fold.evolve import evolve, new_account
from scoring.fold.fit import decode_data
from scoring.fold.state import Account
from scoring.model.loading import DocumentError, model_from_dict
from scoring.plan.compiler import compile_model
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan
from streams.activation import ACTIVATED, MODEL_KEY, Activation, NoModel, read_activation
from streams.log import Record
from streams.scorer.deduplication import WINDOW, DuplicateWindow

_TOO_LATE = 221_845_392_000_000
"""The year 9000: whatever follows from a fact, a hundred years on, can still be written as a date."""
LARGEST_FACT = MAX_RECORD_BYTES // 2
"""Bytes: what an account keeps of a fact has to fit into its next record."""
NOT_YET = STRUCTURE_TYPES
READ_WHOLE = frozenset({"account.registered", "account.updated", "account.domain_claimed"})
"""Kinds of which the fold reads all content, where the others need the fields that a model asks for."""
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
CONTROL_NAMES = frozenset(unversioned(type_) for type_ in CONTROL_TYPES)
Accept = Callable[[DecodedFact], bool]
Load = Callable[[str, Plan], Account | None]


class Refused(NamedTuple):
    """A record that cannot be folded, and why: it goes to the dead letters."""

    record: Record
    code: str
    why: str


class Admitted(NamedTuple):
    """A fact that belongs into its account; `time` in milliseconds."""

    fact: DecodedFact
    time: int
    record: Record


class _TypeOnly(msgspec.Struct):
    type: str


_type_only = msgspec.json.Decoder(_TypeOnly).decode


class PartitionFold:
    """Accounts of one partition, its model and its duplicate window."""

    def __init__(
        self,
        partition: int,
        load: Load,
        keep_lines: bool = True,
        plan: Plan | None = None,
        accept: Accept | None = None,
        window: int = WINDOW,
    ) -> None:
        """`plan`: fold under this model, whatever the log names; `accept`: which facts a replay is about; `window`: how
        many records back a duplicate is known."""
        self.partition = partition
        self.latest: int | None = None
        self.accounts: dict[str, Account] = {}
        self.window = DuplicateWindow(window)
        self.recorded_plan: Plan | None = None
        self.model_at: int | None = None
        self.duplicates = 0
        self.facts = 0
        self.touched: dict[str, Account] = {}
        self._plan = plan
        self._load = load
        self.keep_lines = keep_lines
        self._accept = accept
        self._in_force: Plan | None = plan

    @property
    def plan(self) -> Plan:
        """The model asked for, else the one the log names."""
        plan = self._in_force
        if plan is None:
            raise NoModel(f"partition {self.partition} of {ENGAGEMENT} does not begin with an activated model")
        return plan

    def activate(self, record: Record) -> Refused | None:
        """Take the model of an activation record; one that repeats it is a duplicate, another is not folded yet."""
        try:
            activation = read_activation(record)
            if self.recorded_plan is None:
                self.recorded_plan = compile_model(model_from_dict(activation.model), activation.version)
                self.model_at = record.offset
        except (*UNREADABLE, DocumentError) as problem:
            return Refused(record, "bad_model", str(problem))
        if self.model_at != record.offset and not self._repeats(activation):
            return Refused(record, "not_yet", "a second model cannot be activated yet")
        self._in_force = self._plan or self.recorded_plan
        return None

    def _repeats(self, activation: Activation) -> bool:
        known = self.recorded_plan
        repeated = known is not None and bool(activation.initial) and activation.version == known.version
        self.duplicates += repeated
        return repeated

    def apply(self, record: Record) -> Refused | None:
        """Fold one record into its account; a duplicate changes nothing, what cannot be folded is refused."""
        admitted = self.admit(record)
        if isinstance(admitted, Admitted):
            self.take(admitted)
            return None
        return admitted

    def admit(self, record: Record) -> Admitted | Refused | None:
        """What the record is before any account is touched; None for a duplicate and what a replay is not about."""
        plan = self._in_force
        if plan is None or record.key == MODEL_KEY:
            return self._first(record)
        try:
            fact = read_fact(record.value, plan)
            if self._accept is not None and not self._accept(fact):
                return None
            if self.window.seen(f"{fact.source}\n{fact.id}", record.offset):
                self.duplicates += 1
                return None
            if fact.subject != record.key or fact.type in NOT_YET or not may_be_account(fact.subject):
                return refuse(record, fact)
            time = parse_time(fact.time)
        except UNREADABLE as problem:
            return Refused(record, "unreadable", str(problem))
        if not 0 <= time < _TOO_LATE:
            return Refused(record, "bad_time", f"time: {fact.time} does not lie between the years 1970 and 9000")
        return Admitted(fact, time, record)

    def take(self, admitted: Admitted) -> None:
        """Fold what was admitted."""
        fact, time, record = admitted
        account = self.accounts.get(fact.subject) or self.account(fact.subject)
        evolve(account, fact, time, record.value, self.plan, self.keep_lines)
        self.facts += 1
        self.touched[fact.subject] = account
        if (self.latest is None or time > self.latest) and fact.type not in CONTROL_NAMES:
            self.latest = time

    def remember(self, record: Record) -> None:
        """Note the id of a record that was folded before."""
        if record.key == MODEL_KEY:
            return
        try:
            fact = read_fact(record.value, self.plan)
        except UNREADABLE:
            return
        self.window.seen(f"{fact.source}\n{fact.id}", record.offset)

    def account(self, id: str) -> Account:
        """The account as it stands, loaded or new."""
        found = self.accounts.get(id)
        if found is None:
            found = self.accounts[id] = self._load(id, self.plan) or new_account(id, self.plan)
        return found

    def _first(self, record: Record) -> Refused | None:
        try:
            type_ = _type_only(record.value).type
        except UNREADABLE as problem:
            return Refused(record, "unreadable", str(problem))
        if type_ == ACTIVATED:
            return self.activate(record)
        if self._in_force is not None:
            return Refused(record, "wrong_key", f"key {record.key!r} is kept for activations, not for {type_}")
        raise NoModel(f"offset {record.offset} of partition {self.partition} comes before any activated model")


def read_fact(raw: bytes, plan: Plan) -> DecodedFact:
    """A record's fact as far as the fold reads it. One of `UNREADABLE` is raised where the record is none."""
    if len(raw) > LARGEST_FACT:
        raise ValueError(f"{len(raw)} bytes, and a fact may have {LARGEST_FACT}")
    fact = plan.fact_reader.decode(raw)
    if fact.type in OUTDATED_TYPES:
        fact = plan.fact_reader.read(raw)
    if fact.type.startswith("account.") and plan.type_plan(fact.type).name in READ_WHOLE:
        decode_data(raw)
    return fact


def may_be_account(id: str) -> bool:
    """Among the scores `/` tells contacts, and `~` what is no account."""
    return id[:1] not in ("", "~") and "/" not in id


def refuse(record: Record, fact: DecodedFact) -> Refused:
    if not may_be_account(fact.subject):
        return Refused(record, "wrong_key", f"{fact.subject!r} cannot be the id of an account")
    if fact.type in NOT_YET:
        return Refused(record, "not_yet", f"{fact.type} cannot be folded yet")
    return Refused(record, "wrong_key", f"key {record.key!r} is not the fact's subject {fact.subject!r}")
