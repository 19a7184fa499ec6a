"""Records of `scores`: changed accounts and contacts, checkpoints; and dead letters."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from schemas import (
    ACCOUNT_SCORED,
    CHECKPOINT,
    CHECKPOINT_KEY,
    CONTACT_SCORED,
    ENGAGEMENT,
    AccountScored,
    Checkpoint,
    ContactScored,
    dead_letter_headers,
    dead_letter_id,
    encode_score,
    format_time,
)
from scoring.fold import (
    FOLD_VERSION,
    NEVER,
    Account,
    Contact,
    PendingChanges,
    account_fit,
    changes_of,
    digest_of,
    encode_account,
    profile_with_claims,
    track_scores,
    update_contact_hash,
)
from scoring.plan import Plan, date_text
from streams.log import NewRecord
from streams.scorer.active_model import RejectedRecord

_date_text = lru_cache(maxsize=10_000)(date_text)


def take_score_records(account: Account, plan: Plan) -> Iterator[NewRecord]:
    """The records of all changes since the last call; clears the pending changes of the account."""
    outcome = account.pending_changes
    if outcome is None:
        return
    for contact in account.dirty_contacts:
        contact.dirty = False
        state = update_contact_hash(account, contact)
        yield NewRecord(f"{account.id}/{contact.id}", encode_score(contact_scored(account, contact, state, plan)))
    account.dirty_contacts = []
    yield NewRecord(account.id, encode_score(account_scored(account, outcome, plan)))
    account.pending_changes = None


def account_scored(account: Account, outcome: PendingChanges, plan: Plan) -> AccountScored:
    state = encode_account(account)
    profile = profile_with_claims(account) if outcome.profile else None
    return AccountScored(
        type=ACCOUNT_SCORED,
        account=account.id,
        after_seq=outcome.after_seq,
        seq=account.seq,
        as_of=format_time(account.clock),
        model=plan.version,
        fold=FOLD_VERSION,
        epoch=account.epoch,
        tracks={} if account.anonymous else track_scores(account, plan),
        fit=account_fit(account),
        suppressed=account.suppressed,
        digest=digest_of(state),
        state=msgspec.Raw(state),
        changes=changes_of(outcome, profile),
        forwards_to=account.forwards_to or UNSET,
    )


def contact_scored(account: Account, contact: Contact, state: bytes, plan: Plan) -> ContactScored:
    return ContactScored(
        type=CONTACT_SCORED,
        account=account.id,
        contact=contact.id,
        seq=account.seq,
        model=plan.version,
        role=contact.role,
        engaged={
            track.name: _date_text(contact.last_engaged_days[track.number])
            for track in plan.tracks
            if contact.last_engaged_days[track.number] != NEVER
        },
        scores=contact_scores(account, contact, plan),
        state=msgspec.Raw(state),
    )


def contact_scores(account: Account, contact: Contact, plan: Plan) -> dict[str, float]:
    """Weighted, as of the account's clock."""
    factors = account.moment.factors
    return {
        track.name: contact.weight * sum(contact.unweighted_sums[slot] / factors[k] for slot, k in track.slots)
        for track in plan.tracks
    }


def checkpoint_record(
    next_offset: int, model_offset: int | None, latest_time: int | None, log_id: str | UnsetType = UNSET
) -> NewRecord:
    newest = None if latest_time is None else format_time(latest_time)
    return NewRecord(
        CHECKPOINT_KEY, encode_score(Checkpoint(CHECKPOINT, ENGAGEMENT, next_offset, model_offset, newest, log_id))
    )


def dead_letter(partition: int, rejected: RejectedRecord) -> NewRecord:
    """A reference to the record, with the reason in its headers."""
    record = rejected.record
    place = (ENGAGEMENT, partition, record.offset)
    headers = dead_letter_headers(*place, code=rejected.code, why=rejected.why, headers=record.headers)
    return NewRecord(record.key, b"", dead_letter_id(*place), headers)
