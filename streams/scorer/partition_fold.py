"""The fold of one partition of `engagement`: what both hosts and replays do with its records."""

from collections.abc import Callable
from typing import NamedTuple

from schemas import MAX_RECORD_BYTES, is_contact_key, is_key, parse_time
from schemas.facts import CONTROL_TYPES, OUTDATED_TYPES, STRUCTURE_TYPES, unversioned
from scoring.fold import Account, decode_data, evolve, new_account
from scoring.plan import DecodedFact, Plan
from streams.activation import MODEL_KEY
from streams.log import Record
from streams.scorer.account_size import MAX_ACCOUNT_BYTES, GrowthBound, account_bytes, account_copy
from streams.scorer.active_model import DECODE_ERRORS, ActiveModel, RejectedRecord
from streams.scorer.deduplication import WINDOW_SIZE, DuplicateWindow
from streams.scorer.suppression_signals import READERS, note_signals

_MAX_TIME_MS = 221_845_392_000_000
"""The year 9000: times derived from a fact, a hundred years later, are still valid dates."""
MAX_FACT_BYTES = MAX_RECORD_BYTES // 2
"""Bytes: what an account keeps of a fact has to fit into its next record."""
UNSUPPORTED_TYPES = STRUCTURE_TYPES
FULL_CONTENT_KINDS = frozenset(
    {"account.registered", "account.updated", "account.domain_claimed", "account.alias_added"}
)
"""Fact types whose data is validated as a whole; of others only the fields that the model uses are decoded."""
CONTROL_NAMES = frozenset(unversioned(type_) for type_ in CONTROL_TYPES)
FactFilter = Callable[[DecodedFact], bool]
AccountLoader = Callable[[str, Plan], Account | None]


class AdmittedFact(NamedTuple):
    """A valid fact, to be folded into its account; `time` in milliseconds."""

    fact: DecodedFact
    time: int
    record: Record


class PartitionFold:
    """The accounts of one partition, its model and its duplicate window."""

    def __init__(
        self,
        partition: int,
        load_account: AccountLoader,
        keep_lines: bool = True,
        plan: Plan | None = None,
        fact_filter: FactFilter | None = None,
        window: int = WINDOW_SIZE,
    ) -> None:
        """`plan`: a model to fold under instead of that of the log; `fact_filter`: the facts that a replay covers;
        `window`: the number of records in the duplicate window."""
        self.partition = partition
        self.latest_time: int | None = None
        self.accounts: dict[str, Account] = {}
        self.window = DuplicateWindow(window)
        self.model = ActiveModel(partition, plan)
        self.facts = 0
        self.failed_at: int | None = None
        """The offset of a record that could not be folded, though it should have been or been rejected."""
        self.changed_accounts: dict[str, Account] = {}
        self.new_accounts: set[str] = set()
        """Accounts of the records to fold next that were never scored: there is nothing to load."""
        self._load_account = load_account
        self.keep_lines = keep_lines
        self._fact_filter = fact_filter
        self._duplicate_facts = 0
        self._growth: GrowthBound | None = None

    @property
    def plan(self) -> Plan:
        """The active model. Raises NoModelError before the first activation."""
        plan = self.model.plan
        return self.model.required_plan() if plan is None else plan

    @property
    def duplicates(self) -> int:
        """Records that changed nothing: facts known in the window, and repeated activations."""
        return self._duplicate_facts + self.model.repetitions

    def apply(self, record: Record) -> RejectedRecord | None:
        """Fold one record into its account; a duplicate changes nothing. Returns an invalid record with the reason."""
        admitted = self.admit(record)
        return self.fold_admitted(admitted) if isinstance(admitted, AdmittedFact) else admitted

    def admit(self, record: Record) -> AdmittedFact | RejectedRecord | None:
        """Validate a record without changing an account; None for a duplicate or a fact that the filter excludes."""
        plan = self.model.plan
        if plan is None or record.key == MODEL_KEY:
            return self.model.apply(record)
        try:
            fact = read_fact(record.value, plan)
            if self._fact_filter is not None and not self._fact_filter(fact):
                return None
            if self.window.check_and_add(f"{fact.source}\n{fact.id}", record.offset):
                self._duplicate_facts += 1
                return None
            if fact.subject != record.key or fact.type in UNSUPPORTED_TYPES or not is_account_id(fact.subject):
                return rejection_of(record, fact)
            if not has_fitting_keys(fact):
                return RejectedRecord(record, "unfit_key", "the account or the contact cannot be the key of a record")
        except DECODE_ERRORS as problem:
            return RejectedRecord(record, "unreadable", str(problem))
        try:
            time = parse_time(fact.time)
        except ValueError:
            return RejectedRecord(record, "unreadable", "time: not a time with a zone, such as 2026-01-05T09:12:00Z")
        if not 0 <= time < _MAX_TIME_MS:
            return RejectedRecord(record, "bad_time", f"time: {fact.time} is not between the years 1970 and 9000")
        return AdmittedFact(fact, time, record)

    def fold_admitted(self, admitted: AdmittedFact) -> RejectedRecord | None:
        """Fold an admitted fact into its account; returns it with the reason if the account would be too large."""
        fact, _, record = admitted
        account, plan, growth = self.accounts.get(fact.subject) or self.account(fact.subject), self.plan, self._growth
        if growth is None or growth.plan is not plan:
            growth = self._growth = GrowthBound(plan)
        bound = account.size_bound + (len(record.value) + growth.extra_bytes) * growth.repetitions
        if bound > MAX_ACCOUNT_BYTES:
            return self._fold_measured(account, admitted, growth)
        account.size_bound = bound
        self._evolve(account, admitted, plan)
        return None

    def _fold_measured(self, account: Account, admitted: AdmittedFact, growth: GrowthBound) -> RejectedRecord | None:
        """Fold a fact that may make its account too large; if it does, the account is as it was before."""
        fact, _, record = admitted
        plan = self.plan
        size = account_bytes(account, fact, record.value, plan)
        account.size_bound = size + growth.of(record.value)
        if account.size_bound <= MAX_ACCOUNT_BYTES:
            self._evolve(account, admitted, plan)
            return None
        before, latest, facts = account_copy(account), self.latest_time, self.facts
        was_changed = account.id in self.changed_accounts
        self._evolve(account, admitted, plan)
        account.size_bound = account_bytes(account, fact, record.value, plan)
        if account.size_bound <= MAX_ACCOUNT_BYTES:
            return None
        rejected = RejectedRecord(record, "too_large", too_large_reason(account))
        before.size_bound, self.latest_time, self.facts = size, latest, facts
        self._restore(before, was_changed)
        return rejected

    def _restore(self, before: Account, was_changed: bool) -> None:
        self.accounts[before.id] = self.changed_accounts[before.id] = before
        if not was_changed:
            del self.changed_accounts[before.id]
        if not before.seq:
            del self.accounts[before.id]

    def _evolve(self, account: Account, admitted: AdmittedFact, plan: Plan) -> None:
        fact, time, record = admitted
        evolve(account, fact, time, record.value, plan, self.keep_lines)
        if fact.type in READERS:
            note_signals(account, fact)
        self.facts += 1
        self.changed_accounts[account.id] = account
        is_newest = self.latest_time is None or time > self.latest_time
        if is_newest and plan.type_plan(fact.type).name not in CONTROL_NAMES:
            self.latest_time = time

    def mark_seen(self, record: Record) -> None:
        """Add the id of a record that was folded before to the duplicate window."""
        if record.key == MODEL_KEY:
            return
        try:
            fact = read_fact(record.value, self.plan)
        except DECODE_ERRORS:
            return
        self.window.check_and_add(f"{fact.source}\n{fact.id}", record.offset)

    def account(self, id: str) -> Account:
        """The account: in memory, loaded, or new."""
        found = self.accounts.get(id)
        if found is None:
            stored = None if id in self.new_accounts else self._load_account(id, self.plan)
            found = self.accounts[id] = stored or new_account(id, self.plan)
        return found


def read_fact(raw: bytes, plan: Plan) -> DecodedFact:
    """The fields of a fact that the fold needs. Raises one of `DECODE_ERRORS` if the record is not a fact."""
    if len(raw) > MAX_FACT_BYTES:
        raise ValueError(f"{len(raw)} bytes: a fact may have {MAX_FACT_BYTES}")
    fact = plan.fact_reader.decode(raw)
    if fact.type in OUTDATED_TYPES:
        fact = plan.fact_reader.read(raw)
    if fact.type.startswith("account.") and plan.type_plan(fact.type).name in FULL_CONTENT_KINDS:
        decode_data(raw)
    return fact


def too_large_reason(account: Account) -> str:
    return (
        f"the account would have {account.size_bound:,} bytes; with what it changes at once it may have "
        f"{MAX_ACCOUNT_BYTES:,}: record less about it, such as shorter profile fields"
    )


def is_account_id(id: str) -> bool:
    """In the keys of `scores`, `/` marks contacts and `~` records that are not of accounts."""
    return id[:1] not in ("", "~") and "/" not in id


def has_fitting_keys(fact: DecodedFact) -> bool:
    """Whether the account, and each contact that the fact may create, can be stored on every host."""
    account, contact = fact.subject, fact.contact or ""
    # Nearly all keys are short ASCII without a NUL, and this runs for every fact.
    is_short = len(account) < 100 > len(contact) and contact.isascii()
    if not (is_short and "\0" not in contact and "\0" not in account) and not (
        is_key(account) and (not contact or is_contact_key(account, contact))
    ):
        return False
    if fact.type != "contact.identified.v1" or fact.data is None:
        return True
    identified = fact.data.contact
    return not isinstance(identified, str) or is_contact_key(account, identified)


def rejection_of(record: Record, fact: DecodedFact) -> RejectedRecord:
    if not is_account_id(fact.subject):
        return RejectedRecord(record, "wrong_key", "the subject cannot be the id of an account")
    if fact.type in UNSUPPORTED_TYPES:
        return RejectedRecord(record, "not_yet", f"{fact.type} cannot be folded yet")
    return RejectedRecord(record, "wrong_key", "the key is not the fact's subject")
