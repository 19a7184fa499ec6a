"""Rows of the read models, derived from score updates without reading a table."""

from collections.abc import Iterable
from typing import Any

from projections.read_models.updates import UnseenUpdate, numbered_changes
from schemas import AccountScored, ContactScored, HandoffStep, TrackScore, parse_time

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
        "forwards_to": update.forwards_to or None,
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
        "name": profile.get("name"),
        "owner": profile.get("owner"),
        "segment": profile.get("segment"),
    }


def contact_row(scored: ContactScored) -> Row:
    return {
        "account": scored.account,
        "contact": scored.contact,
        "role": scored.role,
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
            account, epoch, line.seq, n, line.track, parse_time(line.time), line.event, line.type, line.contact,
            line.rule, line.points, line.weight, line.cut, line.half_life,
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
            "cause": change.cause,
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
            "fact": gated.fact,
            "why": gated.why,
        }


def step_row(account: str, step: HandoffStep) -> Row:
    return {
        "handoff": step.handoff,
        "seq": step.seq,
        "account": account,
        "status": step.status,
        "at": parse_time(step.at),
        "fact": step.fact,
        "by": step.by,
        "reason": step.reason,
        "opportunity": step.opportunity,
        "late": step.late,
    }
