"""What the other systems put on the company's bus, as CloudEvents JSON Lines: mailer, badge scanner, surveys, CRM.

The file is sorted by `recordedtime`: badges of a fair are imported days later, surveys overnight. Beyond the plot it
contains deliveries and a few opens.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from examples.medtech.bus_events import Event
from examples.medtech.dice import Dice
from examples.medtech.mailbox_file import message_id
from examples.medtech.sales_events import sales_events
from examples.medtech.story import YEAR_ENDS, Campaign, Person, Scene, Story, offset


def event_bus(story: Story) -> str:
    """All events; one was sent twice with the same id."""
    events = [*_mailings(story), *_scenes(story), *_roles(story), *sales_events(story)]
    events.sort(key=lambda event: (event.recorded, event.at, event.type, event.contact or event.account or ""))
    lines = [event.line(number) for number, event in enumerate(events, 1)]
    twice = next(line for line in lines if "email.clicked" in line)
    lines.insert(lines.index(twice) + 1, twice)
    return "\n".join(lines) + "\n"


def _mailings(story: Story) -> Iterator[Event]:
    for campaign in story.campaigns:
        for position, person in enumerate(story.recipients(campaign)):
            dice = Dice(f"bus/{campaign.id}/{person.mail}")
            if not _has_bounced(story, person, campaign):
                yield _mailed(story, campaign, person, "email.delivered.v1", position + 4)
            if person.reads and dice.chance(28):
                yield _mailed(story, campaign, person, "email.opened.v1", dice.between(600, 90_000), machine=False)


def _has_bounced(story: Story, person: Person, campaign: Campaign) -> bool:
    return any(person in scene.people and scene.what == campaign.id for scene in story.scenes("bounces"))


def _mailed(story: Story, campaign: Campaign, person: Person, kind: str, after: int, **more: Any) -> Event:
    return _mail_event(story, campaign, person, kind, offset(campaign.sent, after), **more)


def _mail_event(story: Story, campaign: Campaign, person: Person, kind: str, at: Any, **more: Any) -> Event:
    message = message_id(campaign, person, story.domain).strip("<>")
    content = {"campaign": campaign.id, "message": message, **more}
    return Event(at=at, recorded=offset(at, 3), system="mailer", type=kind, data=content, contact=person.mail)


def _scenes(story: Story) -> Iterator[Event]:
    for scene in story.scenes(*_EVENTS):
        for person in scene.people:
            yield _EVENTS[scene.does](story, scene, person)


def _clicks(story: Story, scene: Scene, person: Person) -> Event:
    campaign = story.campaign(scene.what)
    url = f"https://www.{story.domain}/news/{campaign.id}"
    return _mail_event(story, campaign, person, "email.clicked.v1", scene.at, url=url)


def _opens(story: Story, scene: Scene, person: Person) -> Event:
    return _mail_event(
        story, story.campaign(scene.what), person, "email.opened.v1", offset(scene.at, 300), machine=False
    )


def _opens_by_machine(story: Story, scene: Scene, person: Person) -> Event:
    # After the delivery, and before anybody could have read it.
    at = offset(story.campaign(scene.what).sent, 60)
    return _mail_event(story, story.campaign(scene.what), person, "email.opened.v1", at, machine=True)


def _unsubscribes(story: Story, scene: Scene, person: Person) -> Event:
    return _mail_event(story, story.campaign(scene.what), person, "email.unsubscribed.v1", scene.at)


def _at_fair(story: Story, scene: Scene, person: Person) -> Event:
    del story
    content = {"event": scene.what, "kind": "trade_fair"}
    return _from(scene, person, "badge-scanner", "event.attended.v1", content, timedelta(days=3, hours=-2))


def _answers_nps(story: Story, scene: Scene, person: Person) -> Event:
    del story
    night = timedelta(hours=26 - scene.at.hour)
    return _from(scene, person, "survey", "nps.answered.v2", {"score": int(scene.what)}, night)


def _calls(story: Story, scene: Scene, person: Person) -> Event:
    del story
    content = {"minutes": int(scene.what.split()[0]), "direction": "outbound"}
    return _from(scene, person, "telephone", "call.connected.v1", content, timedelta(minutes=15))


def _is_recognised(story: Story, scene: Scene, person: Person) -> Event:
    """The code on a badge opens a page, which connects the browser with the badge's owner."""
    del story
    recorded, kind = scene.at + timedelta(days=2), "contact.identified.v1"
    return Event(
        at=scene.at, recorded=recorded, system="badge-scanner", type=kind, contact=person.mail, visitor=person.browser
    )


def _refers(story: Story, scene: Scene, person: Person) -> Event:
    del story
    return _from(scene, person, "survey", "referral.made.v1", {"referred": scene.what}, timedelta(minutes=1))


def _cancels(story: Story, scene: Scene, person: Person) -> Event:
    del story
    return _from(scene, person, "shop", "product.canceled.v1", {"feature": scene.what}, timedelta(seconds=2))


def _from(scene: Scene, person: Person, system: str, kind: str, content: dict[str, Any], later: timedelta) -> Event:
    return Event(at=scene.at, recorded=scene.at + later, system=system, type=kind, data=content, contact=person.mail)


_EVENTS: dict[str, Callable[[Story, Scene, Person], Event]] = {
    "clicks": _clicks,
    "opens": _opens,
    "opens by machine": _opens_by_machine,
    "unsubscribes": _unsubscribes,
    "meets at fair": _at_fair,
    "answers nps": _answers_nps,
    "calls": _calls,
    "is recognised": _is_recognised,
    "refers": _refers,
    "cancels product": _cancels,
}


def _roles(story: Story) -> Iterator[Event]:
    """The day on which sales learned the contact's role."""
    for person in story.people():
        if person.known and person.known < YEAR_ENDS:
            optional = {"role": person.role, "seniority": person.seniority}
            content = {name: value for name, value in optional.items() if value}
            at, kind = person.known, "contact.identified.v1"
            yield Event(at=at, recorded=offset(at, 1), system="crm", type=kind, data=content, contact=person.mail)
