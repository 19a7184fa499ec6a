"""One partition of `engagement` on its way through the fold, live and in replays. Never reads or writes the log."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from schemas.registry import CONTROL_TYPES, STRUCTURE_TYPES, unversioned
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT
from schemas.upcasters import OLD_TYPES
from scoring.account import evolve, new_account
from scoring.compile import compile_model
from scoring.fields import Fact
from scoring.model import ModelError, model_from_dict
from scoring.plan import Plan
from scoring.state import Account
from streams.duplicates import WINDOW, DuplicateWindow
from streams.log import Record

ACTIVATED = "model.activated.v1"
MODEL_KEY = "~model"
_TOO_LATE = 221_845_392_000_000
"""The year 9000: whatever follows from a fact, a hundred years on, can still be written as a date."""
NOT_YET = STRUCTURE_TYPES
CONTROL_NAMES = frozenset(unversioned(type_) for type_ in CONTROL_TYPES)
Accept = Callable[[Fact], bool]
Load = Callable[[str, Plan], Account | None]


class Refused(NamedTuple):
    """A record that cannot be folded, and why: it goes to the dead letters."""

    record: Record
    code: str
    why: str


class NoModel(Exception):
    """The log does not begin with the activation of a model."""


class Activation(msgspec.Struct):
    """The part of `model.activated` that the fold needs."""

    model: dict[str, Any]
    version: str


class Activated(msgspec.Struct):
    type: str
    data: Activation


def read_activation(record: Record) -> Activation:
    """msgspec.MsgspecError where the record activates no model."""
    return _activated(record.value).data


_activated = msgspec.json.Decoder(Activated).decode


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
        self._keep_lines = keep_lines
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
        """Take the model of an activation record; a second one is not folded yet."""
        if self.recorded_plan is not None:
            return Refused(record, "not_yet", "a second model cannot be activated yet")
        try:
            activation = read_activation(record)
            self.recorded_plan = compile_model(model_from_dict(activation.model), activation.version)
        except (msgspec.MsgspecError, ModelError) as problem:
            return Refused(record, "bad_model", str(problem))
        self.model_at = record.offset
        self._in_force = self._plan or self.recorded_plan
        return None

    def apply(self, record: Record) -> Refused | None:
        """Fold one record into its account; a duplicate changes nothing, what cannot be folded is refused."""
        plan = self._in_force
        if plan is None or record.key == MODEL_KEY:
            return self._first(record)
        try:
            fact = plan.fields.decode(record.value)
            if fact.type in OLD_TYPES:
                fact = plan.fields.read(record.value)
            if self._accept is not None and not self._accept(fact):
                return None
            if self.window.seen(f"{fact.source}\n{fact.id}", record.offset):
                self.duplicates += 1
                return None
            if fact.subject != record.key or fact.type in NOT_YET:
                return refuse(record, fact)
            time = parse_time(fact.time)
            if not 0 <= time < _TOO_LATE:
                return Refused(record, "bad_time", f"time: {fact.time} does not lie between the years 1970 and 9000")
            account = self.accounts.get(fact.subject) or self.account(fact.subject)
            evolve(account, fact, time, record.value, plan, self._keep_lines)
        except (msgspec.MsgspecError, ValueError) as problem:
            return Refused(record, "unreadable", str(problem))
        self.facts += 1
        self.touched[fact.subject] = account
        if (self.latest is None or time > self.latest) and fact.type not in CONTROL_NAMES:
            self.latest = time
        return None

    def remember(self, record: Record) -> None:
        """Note the id of a record that was folded before."""
        if record.key == MODEL_KEY:
            return
        try:
            fact = self.plan.fields.read(record.value)
            self.window.seen(f"{fact.source}\n{fact.id}", record.offset)
        except (msgspec.MsgspecError, ValueError):
            return

    def account(self, id: str) -> Account:
        """The account as it stands, loaded or new."""
        found = self.accounts.get(id)
        if found is None:
            found = self.accounts[id] = self._load(id, self.plan) or new_account(id, self.plan)
        return found

    def _first(self, record: Record) -> Refused | None:
        try:
            type_ = _type_only(record.value).type
        except msgspec.MsgspecError as problem:
            return Refused(record, "unreadable", str(problem))
        if type_ == ACTIVATED:
            return self.activate(record)
        if self._in_force is not None:
            return Refused(record, "wrong_key", f"key {record.key!r} is kept for activations, not for {type_}")
        raise NoModel(f"offset {record.offset} of partition {self.partition} comes before any activated model")


def refuse(record: Record, fact: Fact) -> Refused:
    if fact.type in NOT_YET:
        return Refused(record, "not_yet", f"{fact.type} cannot be folded yet")
    return Refused(record, "wrong_key", f"key {record.key!r} is not the fact's subject {fact.subject!r}")
