"""What a fact is worth to the oracle: matching, caps, contributions (rules 5 to 15)."""

from tests.scoring.oracle.book import ACCOUNT, AccountBook, CapUse, Fact, Line, TrackBook, weight
from tests.scoring.oracle.calendar import HOUR, end_of_window, local_day, whole_hour, window_of
from tests.scoring.oracle.model import Cap, Model, Rule, Track
from tests.scoring.oracle.operators import all_hold, as_text, is_number, look_up


def count_fact(model: Model, book: AccountBook, track: Track, fact: Fact) -> None:
    if fact.type == "score.adjusted":
        _adjust(book, track, fact)
    for rule in track.rules:
        if _matches(rule, fact) and not any(_matches(other, fact) for other in _named(track, rule.unless)):
            _contribute(model, book, track, rule, fact)


def _adjust(book: AccountBook, track: Track, fact: Fact) -> None:
    points = fact.content.get("points")
    if fact.content.get("track") == track.name and points is not None and is_number(points):
        line = Line(track.name, fact.time, fact.id, fact.type, ACCOUNT, "~adjusted", points, 1.0, None, track.half_life)
        book.tracks[track.name].lines.append(line)


def _matches(rule: Rule, fact: Fact) -> bool:
    return fact.type in rule.types and not fact.is_bot and all_hold(rule.where, fact.content)


def _named(track: Track, ids: tuple[str, ...]) -> list[Rule]:
    return [rule for rule in track.rules if rule.id in ids]


def _contribute(model: Model, book: AccountBook, track: Track, rule: Rule, fact: Fact) -> None:
    notes, person = book.tracks[track.name], book.person(fact.contact)
    points, cut = rule.points_for(fact.content), _exhausted_cap(model, book, notes, rule, fact)
    line = Line(
        track=track.name,
        time=fact.time,
        event=fact.id,
        type=fact.type,
        contact=person,
        rule=rule.id,
        points=points,
        weight=weight(model, book, person),
        cut=cut,
        half_life=rule.half_life,
    )
    notes.lines.append(line)
    if points > 0 and fact.type != "contact.registered" and not fact.is_machine:
        notes.engagements.append((person, local_day(fact.time, model.zone)))
    if cut is None:
        notes.cap_uses += [_cap_use(model, book, cap, fact) for cap in rule.caps]
        _act_now(model, notes, rule, fact)


def _exhausted_cap(model: Model, book: AccountBook, notes: TrackBook, rule: Rule, fact: Fact) -> str | None:
    """The first cap without room, as a line names it."""
    for cap in rule.caps:
        if _is_too_late(model, book, cap, fact):
            return f"{cap.owner}: too late to count"
        if _used_room(model, book, notes, cap, fact) >= cap.count:
            return f"{cap.owner}: {cap.text}"
    return None


def _is_too_late(model: Model, book: AccountBook, cap: Cap, fact: Fact) -> bool:
    """Whether ten half-lives have gone by since the window ended; a window without end, or what never fades, stays."""
    window = window_of(fact.time, cap.window, model.zone)
    if window is None or cap.half_life is None:
        return False
    return book.clock >= end_of_window(window, model.zone) + 10 * cap.half_life * HOUR


def _used_room(model: Model, book: AccountBook, notes: TrackBook, cap: Cap, fact: Fact) -> int:
    wanted = _cap_use(model, book, cap, fact)
    return sum(_with_current_person(book, counted) == wanted for counted in notes.cap_uses)


def _with_current_person(book: AccountBook, counted: CapUse) -> CapUse:
    """The same count, for the contact that a visitor has become since."""
    person = None if counted.person is None else book.person(counted.person)
    return CapUse(counted.owner, person, counted.field, counted.window)


def _act_now(model: Model, notes: TrackBook, rule: Rule, fact: Fact) -> None:
    """Holds from the fact's hour on; of several the latest end."""
    if rule.act_now and not fact.is_machine:
        until = whole_hour(fact.time) + model.act_now_hold
        notes.act_now_until = max(notes.act_now_until or until, until)


def _cap_use(model: Model, book: AccountBook, cap: Cap, fact: Fact) -> CapUse:
    return CapUse(
        owner=cap.owner,
        person=book.person(fact.contact) if cap.per == "contact" else None,
        field=as_text(look_up(fact.content, cap.field)) if cap.field else None,
        window=window_of(fact.time, cap.window, model.zone),
    )
