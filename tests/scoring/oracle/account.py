"""The oracle: what the scoring rules say about one account, worked out the slow and obvious way from its whole log.

Written from the rules alone, to judge the product's fold by; it never imports the product.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.scoring.oracle.book import AccountBook, Fact, Handoff, TrackBook, breadth, fit, score
from tests.scoring.oracle.calendar import read_time, write_time
from tests.scoring.oracle.contributions import count_fact
from tests.scoring.oracle.decisions import DEALS, STEPS, decide_handoff, tell_of_deal
from tests.scoring.oracle.model import Model, Track, read_model
from tests.scoring.oracle.people import update_profile
from tests.scoring.oracle.stages import (
    decide_stage,
    end_cooldown,
    move_clock,
    name_of,
    next_fall,
)

Json = dict[str, Any]
REVIEW = "review.due"
UNSAID = ("accepted", "opportunity", "deal_open")
"""What the oracle notes of a handoff for itself."""


def account_at(model: Mapping[str, Any], facts: Iterable[Json], account: str, at: str) -> Json:
    """An account as of an instant: the facts recorded by then, valued then (`account --explain --at`)."""
    recorded = [fact for fact in facts if read_time(fact["recordedtime"]) <= read_time(at)]
    return account_after(model, recorded, account, at)


def account_after(model: Mapping[str, Any], facts: Iterable[Json], account: str, at: str) -> Json:
    """An account after all these records of one partition, valued at `at`, or at its clock where that is later."""
    rules = read_model(model)
    own_facts = [_read_fact(record) for record in _without_duplicates(facts) if record["subject"] == account]
    book = AccountBook(account, read_time(at), {track.name: TrackBook() for track in rules.tracks})
    book.clock = own_facts[0].time if own_facts else book.clock
    for fact in own_facts:
        _apply(rules, book, fact)
    move_clock(rules, book, read_time(at))
    return _report(rules, book)


def _apply(model: Model, book: AccountBook, fact: Fact) -> None:
    book.seq += 1
    move_clock(model, book, fact.time)
    if fact.type == REVIEW or book.account.startswith("anon:"):
        return
    before = {name: notes.stage for name, notes in book.tracks.items()}
    update_profile(model, book, fact)
    for track in model.tracks:
        count_fact(model, book, track, fact)
        end_cooldown(book.tracks[track.name], fact)
    if fact.type in STEPS:
        decide_handoff(model, book, fact)
    if fact.type in DEALS:
        tell_of_deal(model, book, fact)
    for track in model.tracks:
        decide_stage(model, book, track, fact, before[track.name])


def _without_duplicates(facts: Iterable[Json]) -> Iterable[Json]:
    seen = set()
    for fact in facts:
        identity = (fact["source"], fact["id"])
        if identity not in seen:
            yield fact
        seen.add(identity)


def _read_fact(record: Json) -> Fact:
    """The fact as the rules see it: type without version, content as the newest version has it."""
    type_, _, version = record["type"].rpartition(".v")
    content = record.get("data") or {}
    if type_ == "nps.answered" and version == "1":
        content = {**content, "score": min(max(content["score"], 0), 10)}
    time, recorded = read_time(record["time"]), read_time(record["recordedtime"])
    return Fact(record["id"], type_, record["subject"], time, recorded, record.get("contact"), content)


def _report(model: Model, book: AccountBook) -> Json:
    points, grade = fit(model, book)
    return {
        "account": book.account,
        "as_of": write_time(book.clock),
        "seq": book.seq,
        "fit": {"points": points, "grade": grade},
        "suppressed": book.suppressed,
        "tracks": {track.name: _track_report(model, book, track) for track in model.tracks},
    }


def _track_report(model: Model, book: AccountBook, track: Track) -> Json:
    notes = book.tracks[track.name]
    return {
        "score": score(notes, book.clock),
        "stage": name_of(track, notes.stage),
        "breadth": breadth(model, book, notes, track.breadth_days, book.clock),
        "falls_at": _instant(next_fall(model, book, track, book.clock)),
        "crossings": notes.crossings,
        "cooling_until": _instant(notes.cooling_until),
        "act_now_until": _instant(notes.act_now_until),
        "stages": notes.stages,
        "handoffs": [_handoff_report(handoff) for handoff in notes.handoffs],
        "gated": notes.gated,
        "lines": [
            {**vars(line), "time": write_time(line.time), "now": line.value_at(book.clock)} for line in notes.lines
        ],
    }


def _handoff_report(handoff: Handoff) -> Json:
    said = {name: value for name, value in vars(handoff).items() if name not in UNSAID}
    return {**said, "crossed_at": write_time(handoff.crossed_at), "due_at": _instant(handoff.due_at)}


def _instant(moment: Any) -> str | None:
    return None if moment is None else write_time(moment)
