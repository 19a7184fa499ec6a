"""What facts say about who is to be left out of campaigns, noted for the projector beside the changes of the account.

Signals are no part of the account's state: they depend on the fact, and on what it did to handoffs. The projector
derives from them who is suppressed (`projections/read_models/suppressions.py`).
"""

from collections.abc import Callable, Iterator, Mapping

from schemas import CONVERTED, REJECTED, SuppressionSignal, format_time
from schemas.facts import TYPES, unversioned
from scoring.fold import ACCOUNT_CONTACT, Account
from scoring.plan import DecodedFact

VISITOR_PREFIX = "v_"
Signals = Iterator[SuppressionSignal]
SignalReader = Callable[[Account, DecodedFact, str], Signals]


def note_signals(account: Account, fact: DecodedFact) -> None:
    """Note the signals of a fact of one of the types of `READERS`, which was just folded."""
    if account.pending_changes is not None:
        account.pending_changes.signals.extend(READERS[fact.type](account, fact, unversioned(fact.type)))


def asked(account: Account, fact: DecodedFact, type: str) -> Signals:
    yield from _of_contact("asked", account, fact, type)


def released(account: Account, fact: DecodedFact, type: str) -> Signals:
    yield from _of_contact("released", account, fact, type)


def erased(account: Account, fact: DecodedFact, type: str) -> Signals:
    yield from _of_contact("erased", account, fact, type)


def talked(account: Account, fact: DecodedFact, type: str) -> Signals:
    if fact.data is None or (fact.data.bot is not True and fact.data.machine is not True):
        yield from _of_contact("talked", account, fact, type)


def account_asked(account: Account, fact: DecodedFact, type: str) -> Signals:
    yield SuppressionSignal(account.seq, "asked", fact.time, fact.id, type)


def account_released(account: Account, fact: DecodedFact, type: str) -> Signals:
    yield SuppressionSignal(account.seq, "released", fact.time, fact.id, type)


def dismissed(account: Account, fact: DecodedFact, type: str) -> Signals:
    """A rejection that took (scoring.md 26), with the end of the cool-down that it started."""
    steps = account.pending_changes.steps if account.pending_changes else []
    if not steps or steps[-1].seq != account.seq or steps[-1].status != REJECTED:
        return
    step = steps[-1]
    until = next((state.cooling_until for state in account.tracks if state.plan.name == step.track), None)
    end = None if until is None else format_time(until)
    yield SuppressionSignal(account.seq, "dismissed", fact.time, fact.id, type, handoff=step.handoff, until=end)


def deals(account: Account, fact: DecodedFact, type: str) -> Signals:
    """After news of an opportunity: the converted handoffs, and whether sales still talks (scoring.md 37)."""
    for state in account.tracks:
        for crossing, handoff in state.open_handoffs.items():
            if handoff.status == CONVERTED:
                kind = "deal_closed" if handoff.deal_closed else "talks"
                id = f"{account.id}/{state.plan.name}/{crossing}"
                yield SuppressionSignal(account.seq, kind, fact.time, fact.id, type, handoff=id)


def _of_contact(kind: str, account: Account, fact: DecodedFact, type: str) -> Signals:
    """A signal about the person of the fact; visitors whom nobody knows are in no campaign."""
    contact = account.joins.get(fact.contact, fact.contact) if fact.contact else None
    if contact is not None and contact != ACCOUNT_CONTACT and not contact.startswith(VISITOR_PREFIX):
        yield SuppressionSignal(account.seq, kind, fact.time, fact.id, type, contact)


_BY_NAME: Mapping[str, SignalReader] = {
    "email.unsubscribed": asked,
    "email.complained": asked,
    "contact.suppressed": asked,
    "contact.released": released,
    "contact.erased": erased,
    "account.suppressed": account_asked,
    "account.released": account_released,
    "email.replied": talked,
    "meeting.booked": talked,
    "meeting.held": talked,
    "call.connected": talked,
    "handoff.rejected": dismissed,
    "opportunity.opened": deals,
    "opportunity.won": deals,
    "opportunity.lost": deals,
}
READERS: Mapping[str, SignalReader] = {
    type_: _BY_NAME[unversioned(type_)] for type_ in TYPES if unversioned(type_) in _BY_NAME
}
"""Fact type with version -> how to read its signals; looked up for every fact."""
