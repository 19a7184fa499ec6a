"""What browsers and the product sent: Segment calls as JSON Lines.

A browser is anonymous until its owner is identified; earlier calls are not changed afterwards.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from examples.medtech.dice import Dice, token
from examples.medtech.story import YEAR_BEGINS, YEAR_ENDS, Person, Scene, Story, offset

LIBRARY = {"name": "synthetic-example", "version": "1.0"}
SITE = "https://www.nordwerk-med.example"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the SDK; `kind` is Segment's type."""

    at: datetime
    person: Person
    kind: str
    more: dict[str, Any]
    needs_browser: bool = True


def site_events(story: Story) -> str:
    """All calls by time; two are sent twice, as SDKs do when a response is lost."""
    calls = [*_sign_up(story), *_scenes(story), *_browsing(story), *_product_use(story)]
    calls.sort(key=lambda call: (call.at, call.person.number))
    named = _first_words(calls)
    lines = [_line(number, call, named) for number, call in enumerate(calls, 1)]
    for twice in (lines[len(lines) // 3], lines[len(lines) // 2]):
        lines.insert(lines.index(twice) + 1, twice)
    return "\n".join(lines) + "\n"


def _scenes(story: Story) -> Iterator[Call]:
    for scene in story.scenes(*_CALLS):
        for person in scene.people:
            yield from _CALLS[scene.does](scene, person)


def _visits(scene: Scene, person: Person) -> Iterator[Call]:
    for step, path in enumerate(scene.what.split()):
        yield _page(offset(scene.at, 75 * step), person, path)


def _submits(scene: Scene, person: Person) -> Iterator[Call]:
    form, path = scene.what.split(" on ")
    yield _page(offset(scene.at, -40), person, path)
    yield from _identifies(scene.at, person)
    event = "Demo Requested" if form == "demo" else "Form Submitted"
    yield _track(offset(scene.at, 1), person, event, form=form, url=SITE + path)


def _downloads(scene: Scene, person: Person) -> Iterator[Call]:
    yield _track(scene.at, person, "Content Downloaded", file=scene.what, url=f"{SITE}/files/{scene.what}")


def _attends(scene: Scene, person: Person) -> Iterator[Call]:
    yield from _identifies(scene.at, person)
    yield _track(offset(scene.at, 60), person, "Webinar Attended", event=scene.what, kind="webinar")


def _uses(scene: Scene, person: Person) -> Iterator[Call]:
    feature, count = scene.what.split()
    yield _use(scene.at, person, feature, int(count))


def _signs_in(scene: Scene, person: Person) -> Iterator[Call]:
    yield from _identifies(scene.at, person)


_CALLS: dict[str, Callable[[Scene, Person], Iterator[Call]]] = {
    "visits": _visits,
    "submits": _submits,
    "downloads": _downloads,
    "attends": _attends,
    "uses": _uses,
    "signs in": _signs_in,
}


def _browsing(story: Story) -> Iterator[Call]:
    """Background: visits of a few pages, more in some months than in others."""
    for person in (p for p in story.people() if p.browser):
        dice = Dice(f"site/browsing/{person.mail}")
        first = _first_scene(story, person)
        for _ in range(dice.between(5, 9)):
            yield from _sitting(dice, dice.moment(first, YEAR_ENDS), person)


def _sitting(dice: Dice, at: datetime, person: Person) -> Iterator[Call]:
    for _ in range(dice.between(1, 4)):
        yield _page(at, person, dice.pick(("/", "/news", "/service", "/about", "/references", "/products/steriflow")))
        at = offset(at, dice.between(15, 200))
    if dice.chance(12):
        yield _track(at, person, "Site Searched", query=dice.pick(("gloves", "validation", "spare parts", "annex 1")))


def _first_scene(story: Story, person: Person) -> datetime:
    """Customers visit from the beginning, others from their first scene on."""
    if person.uses:
        return YEAR_BEGINS
    scenes = [s.at for account in story.accounts for s in account.scenes if person in s.people]
    return min(scenes, default=YEAR_BEGINS).replace(hour=0)


def _product_use(story: Story) -> Iterator[Call]:
    """Background: the customers use the software about once a week."""
    for person in (p for p in story.people() if p.uses):
        dice = Dice(f"site/use/{person.mail}")
        week = YEAR_BEGINS
        while week < YEAR_ENDS - timedelta(days=7):
            if dice.chance(62):
                at = dice.moment(week, week + timedelta(days=4))
                yield _use(at, person, dice.pick(person.uses), dice.between(6, 60))
            week += timedelta(days=7)


def _page(at: datetime, person: Person, path: str) -> Call:
    return Call(at, person, "page", {"properties": {"url": SITE + path, "path": path}})


def _track(at: datetime, person: Person, name: str, /, **properties: Any) -> Call:
    return Call(at, person, "track", {"event": name, "properties": properties})


def _use(at: datetime, person: Person, feature: str, count: int) -> Call:
    call = _track(at, person, "Feature Used", feature=feature, count=count)
    return Call(at, person, call.kind, call.more, needs_browser=False)


def _identifies(at: datetime, person: Person) -> Iterator[Call]:
    yield Call(at, person, "identify", {"traits": {"email": person.mail, "name": person.name}})


def _sign_up(story: Story) -> Iterator[Call]:
    """Product users were identified before the year began, together with their company."""
    dice = Dice("site/sign-up")
    names = {account.id: account.crm["name"] for account in story.accounts if account.crm}
    for person in (p for p in story.people() if p.uses):
        at = offset(YEAR_BEGINS, 6 * 3600 + 60 * person.number + dice.below(60))
        yield from _identifies(at, person)
        yield Call(
            offset(at, 1), person, "group", {"groupId": person.account, "traits": {"name": names[person.account]}}
        )


def _first_words(calls: list[Call]) -> dict[int, datetime]:
    """When each person was first identified."""
    named: dict[int, datetime] = {}
    for call in calls:
        if call.kind == "identify":
            named.setdefault(call.person.number, call.at)
    return named


def _line(number: int, call: Call, named: dict[int, datetime]) -> str:
    stamp = f"{call.at:%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}Z"
    identity: dict[str, Any] = {"type": call.kind, "messageId": f"syn-{number:05d}-{token('call', str(number))}"}
    if call.person.browser and call.needs_browser:
        identity["anonymousId"] = call.person.browser
    if call.at >= named.get(call.person.number, YEAR_ENDS):
        identity["userId"] = f"user-{call.person.number:03d}"
    context = {"library": LIBRARY, **({"ip": call.person.address} if call.person.address else {})}
    body = {**identity, "timestamp": stamp, **call.more, "context": context}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
