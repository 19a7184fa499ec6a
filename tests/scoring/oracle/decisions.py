"""What people decide about handoffs, and what becomes of their deals, for the oracle (scoring rules 26, 27 and 37)."""

from tests.scoring.oracle.book import AccountBook, Fact, Handoff, TrackBook
from tests.scoring.oracle.model import Model, Track

STEPS = {
    "handoff.accepted": ("accepted", ("proposed", "expired")),
    "handoff.rejected": ("rejected", ("proposed", "expired")),
    "handoff.expired": ("expired", ("proposed",)),
    "handoff.recycled": ("recycled", ("accepted", "converted")),
    "handoff.converted": ("converted", ("accepted",)),
}
DEALS = ("opportunity.opened", "opportunity.won", "opportunity.lost")


def decide_handoff(model: Model, book: AccountBook, fact: Fact) -> None:
    """What a person, or the passing of the due time, decided; what fits no handoff in its present status is nothing."""
    status, allowed = STEPS[fact.type]
    for track in model.tracks:
        notes = book.tracks[track.name]
        for handoff in notes.handoffs:
            if handoff.handoff == fact.content.get("handoff") and handoff.status in allowed:
                if handoff.status == "expired" and _is_another_open(notes, handoff):
                    continue
                _step(model, book, track, handoff, status, fact)


def tell_of_deal(model: Model, book: AccountBook, fact: Fact) -> None:
    """An opportunity is opened, won or lost."""
    deal = fact.content.get("opportunity")
    if fact.type == "opportunity.opened" or (fact.type == "opportunity.won" and deal not in book.opened):
        _convert(model, book, fact)
    if fact.type == "opportunity.opened":
        book.opened.add(deal)
        book.concluded.discard(deal)
        return
    book.concluded.add(deal)
    for track in model.tracks:
        for handoff in book.tracks[track.name].handoffs:
            if handoff.deal_open and handoff.opportunity == deal:
                handoff.deal_open = False
                if fact.type == "opportunity.lost":
                    _step(model, book, track, handoff, "recycled", fact)


def _is_another_open(notes: TrackBook, handoff: Handoff) -> bool:
    """Whether a later one of the track waits for sales or is with it."""
    return any(
        other.crossing > handoff.crossing and other.status in ("proposed", "accepted") for other in notes.handoffs
    )


def _convert(model: Model, book: AccountBook, fact: Fact) -> None:
    """The accepted handoff that the fact names, else the only one; none that was accepted later."""
    named = fact.content.get("handoff")
    accepted = [
        (track, handoff)
        for track in model.tracks
        for handoff in book.tracks[track.name].handoffs
        if handoff.status == "accepted" and named in (None, handoff.handoff)
    ]
    if len(accepted) != 1:
        return
    track, handoff = accepted[0]
    assert handoff.accepted is not None
    if handoff.accepted <= fact.time:
        _step(model, book, track, handoff, "converted", fact)


def _step(model: Model, book: AccountBook, track: Track, handoff: Handoff, status: str, fact: Fact) -> None:
    if status in ("accepted", "rejected"):
        past_due = handoff.status == "expired" if handoff.due_at is None else fact.time > handoff.due_at
        handoff.late = handoff.late or past_due
    handoff.status = status
    handoff.deal_open = False
    if status == "accepted":
        handoff.accepted = fact.time
    if status == "converted":
        handoff.opportunity = fact.content.get("opportunity")
        handoff.deal_open = handoff.opportunity not in book.concluded
    if status in ("rejected", "recycled"):
        _start_cooldown(model, track, book.tracks[track.name], fact)


def _start_cooldown(model: Model, track: Track, notes: TrackBook, fact: Fact) -> None:
    """Of two cool-downs the later end holds."""
    assert track.handoff is not None
    until = fact.time + model.cooldown
    notes.stage = min(notes.stage, track.handoff - 1)
    notes.cooling_until = max(notes.cooling_until or until, until)
    notes.cooling_noted = False
    notes.act_now_until = None
