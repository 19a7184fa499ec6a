"""Rows of the read models, derived from score updates without reading a table.

A fact may hold texts that no column can: such a text is null in its column, or has a replacement character where the
column needs a value, so that a row can always be written. The records of `scores` keep what the fold computed.
"""

from collections.abc import Iterable
from typing import Any

from projections.read_models.updates import UnseenUpdate, numbered_changes
from schemas import (
    AccountScored,
    Assignment,
    ContactScored,
    HandoffStep,
    TrackScore,
    parse_time,
    stored_text,
    text_or_null,
)

Row = dict[str, Any]
LEDGER_COLUMNS = (
    "account", "epoch", "seq", "n", "track", "time", "event", "type", "contact", "rule", "points", "weight", "cut",
    "half_life",
)  # fmt: skip


def parse_optional_time(text: str | None) -> int | None:
    return None if text is None else parse_time(text)


def next_fall(update: AccountScored) -> int | None:
    """The first hour at which the account drops out of a stage if nothing happens."""
    return min((parse_time(track.falls_at) for track in update.tracks.values() if track.falls_at), default=None)


def account_row(update: AccountScored) -> Row:
    return {
        "account": update.account,
        **_first_track_columns(next(iter(update.tracks.values()), None)),
        "fit_points": update.fit.points,
        "fit_grade": update.fit.grade,
        "tracks": update.tracks,
        "as_of": parse_time(update.as_of),
        "seq": update.seq,
        "epoch": update.epoch,
        "model": update.model,
        "digest": update.digest,
        "suppressed": update.suppressed,
        "forwards_to": text_or_null(update.forwards_to) or None,
        "falls_at": next_fall(update),
        "state": bytes(update.state),
    }


def _first_track_columns(track: TrackScore | None) -> Row:
    if track is None:
        return {"score": None, "stage": None, "breadth": None}
    return {"score": track.score, "stage": track.stage, "breadth": track.breadth}


def profile_columns(profile: dict[str, Any]) -> Row:
    return {
        "profile": profile,
        "name": text_or_null(profile.get("name")),
        "owner": text_or_null(profile.get("owner")),
        "segment": text_or_null(profile.get("segment")),
    }


def contact_row(scored: ContactScored) -> Row:
    return {
        "account": scored.account,
        "contact": scored.contact,
        "role": text_or_null(scored.role),
        "engaged": scored.engaged,
        "scores": scored.scores,
        "seq": scored.seq,
        "model": scored.model,
        "state": bytes(scored.state),
    }


def ledger_rows(unseen: UnseenUpdate) -> Iterable[tuple[Any, ...]]:
    """Values in the order of `LEDGER_COLUMNS`, as tuples: no other table gets as many rows."""
    account, epoch = unseen.update.account, unseen.update.epoch
    return [
        (
            account, epoch, line.seq, n, line.track, parse_time(line.time), stored_text(line.event), line.type,
            line.contact, line.rule, line.points, line.weight, line.cut, line.half_life,
        )
        for n, line in numbered_changes(unseen.update.changes.lines, unseen.known_seq)
    ]  # fmt: skip


def stage_rows(unseen: UnseenUpdate) -> Iterable[Row]:
    account, epoch = unseen.update.account, unseen.update.epoch
    for n, change in numbered_changes(unseen.update.changes.stages, unseen.known_seq):
        yield {
            "account": account,
            "epoch": epoch,
            "seq": change.seq,
            "n": n,
            "track": change.track,
            "at": parse_time(change.at),
            "from_stage": change.from_,
            "to_stage": change.to,
            "cause": stored_text(change.cause),
            "score": change.score,
        }


def gated_rows(unseen: UnseenUpdate) -> Iterable[Row]:
    for n, gated in numbered_changes(unseen.update.changes.gated, unseen.known_seq):
        yield {
            "account": unseen.update.account,
            "seq": gated.seq,
            "n": n,
            "track": gated.track,
            "crossing": gated.crossing,
            "at": parse_time(gated.at),
            "fact": stored_text(gated.fact),
            "why": gated.why,
        }


def step_row(account: str, step: HandoffStep) -> Row:
    return {
        "handoff": step.handoff,
        "seq": step.seq,
        "account": account,
        "status": step.status,
        "at": parse_time(step.at),
        "recorded_at": parse_time(step.recorded_at),
        "fact": stored_text(step.fact),
        "by": text_or_null(step.by),
        "reason": text_or_null(step.reason),
        "note": text_or_null(step.note),
        "opportunity": text_or_null(step.opportunity),
        "late": step.late,
    }


def assignment_row(account: str, assignment: Assignment) -> Row:
    return {
        "handoff": assignment.handoff,
        "seq": assignment.seq,
        "account": account,
        "at": parse_time(assignment.at),
        "recorded_at": parse_time(assignment.recorded_at),
        "fact": stored_text(assignment.fact),
        "by": text_or_null(assignment.by),
        "to": text_or_null(assignment.to),
    }
