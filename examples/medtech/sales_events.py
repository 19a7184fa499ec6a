"""What our sales people decided, as events of the CRM; a decision names the handoff `<account>/<track>/<crossing>`.

Whether the handoff exists is not checked: the plot must match its scores.
"""

from collections.abc import Callable, Iterator
from typing import Any

from examples.medtech.bus_events import Event
from examples.medtech.story import Scene, Story, offset


def sales_events(story: Story) -> Iterator[Event]:
    steps: dict[str, int] = {}
    for scene in story.scenes(*_DECISIONS, *_OTHERS):
        yield _decision(scene, steps) if scene.does in _DECISIONS else _other(scene)


_DECISIONS = {
    "accepts": "handoff.accepted.v1",
    "rejects": "handoff.rejected.v1",
    "recycles": "handoff.recycled.v1",
    "expires": "handoff.expired.v1",
    "converts": "handoff.converted.v1",
}


def _decision(scene: Scene, steps: dict[str, int]) -> Event:
    """`acquisition/1, budget frozen` or `acquisition/1 as OPP-1001`; the fact's id numbers the steps of a handoff."""
    what, _, opportunity = scene.what.partition(" as ")
    name, _, reason = what.partition(", ")
    handoff = f"{scene.account}/{name}"
    steps[handoff] = steps.get(handoff, 0) + 1
    optional = {"by": scene.by.strip("~"), "reason": reason, "opportunity": opportunity}
    content = {"handoff": handoff, **{name: value for name, value in optional.items() if value}}
    return _event(scene, _DECISIONS[scene.does], content, id=f"handoff:{handoff}:{steps[handoff]}")


def _other(scene: Scene) -> Event:
    kind, content = _OTHERS[scene.does](scene)
    return _event(scene, kind, content)


def _event(scene: Scene, kind: str, content: dict[str, Any], id: str | None = None) -> Event:
    recorded = offset(scene.at, 1)
    return Event(at=scene.at, recorded=recorded, system="crm", type=kind, data=content, account=scene.account, id=id)


def _suppresses(scene: Scene) -> tuple[str, dict[str, Any]]:
    return "account.suppressed.v1", {"by": scene.by, "reason": scene.what}


def _releases(scene: Scene) -> tuple[str, dict[str, Any]]:
    return "account.released.v1", {"by": scene.by, "reason": scene.what}


def _moves_deal(scene: Scene) -> tuple[str, dict[str, Any]]:
    opportunity, stage, amount = scene.what.split(", ")
    content = {"opportunity": opportunity, "stage": stage, "amount": int(amount), "currency": "EUR"}
    return "opportunity.advanced.v1", content


def _adjusts(scene: Scene) -> tuple[str, dict[str, Any]]:
    """`expansion +10, the reason`."""
    change, reason = scene.what.split(", ", 1)
    track, points = change.split()
    return "score.adjusted.v1", {"track": track, "points": int(points), "author": scene.by, "reason": reason}


_OTHERS: dict[str, Callable[[Scene], tuple[str, dict[str, Any]]]] = {
    "suppresses": _suppresses,
    "releases": _releases,
    "moves deal": _moves_deal,
    "adjusts": _adjusts,
}
