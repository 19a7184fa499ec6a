"""Whether channels and model fit together: handoffs that nobody hears of, channels that nothing reaches. Pure."""

from collections.abc import Collection, Iterator, Sequence

from alerts.rules import is_addressed, takes_kind
from alerts.settings import AlertSettings, ChannelSettings
from schemas import suggestion
from scoring.model import ScoringModel

_MAX_OWNERS = 3


def coverage_problems(settings: AlertSettings, model: ScoringModel, owners: Collection[str]) -> list[str]:
    """Sentences; none if all is well. `owners`: those of the known accounts."""
    routes = _routes(model)
    return [
        *_unknown_names(settings, routes, owners),
        *_unreached_channels(settings, model, routes, owners),
        *(problem for route in routes for problem in _unheard_handoffs(settings, route, owners)),
    ]


def _routes(model: ScoringModel) -> Sequence[str | None]:
    """All routes of the model and of the steps of its service level; None stands for handoffs without a route."""
    named = [route.to for route in model.handoff.routes]
    always = any(not route.when for route in model.handoff.routes)
    level = model.handoff.service_level
    further = [step.to for step in level.steps if step.to is not None] if level else []
    return list(dict.fromkeys([*named, *further, *([] if always else [None])]))


def _unknown_names(settings: AlertSettings, routes: Sequence[str | None], owners: Collection[str]) -> Iterator[str]:
    known_routes = [route for route in routes if route is not None]
    known_owners = {owner.casefold(): owner for owner in owners}
    for channel in settings.channels:
        for route in channel.routes or ():
            if route not in known_routes:
                yield f"{channel.name}: the model has no route {route}{suggestion(route, known_routes)}"
        for owner in channel.owners or ():
            if owner.casefold() not in known_owners:
                near = suggestion(owner.casefold(), known_owners)
                yield f"{channel.name}: no account has the owner {owner}{near}"


def _unreached_channels(
    settings: AlertSettings, model: ScoringModel, routes: Sequence[str | None], owners: Collection[str]
) -> Iterator[str]:
    fallbacks = {channel.fallback for channel in settings.channels}
    kinds = _possible_kinds(model)
    for channel in settings.channels:
        is_addressable = any(is_addressed(route, owner, channel) for route in routes for owner in (*owners, None))
        if channel.name not in fallbacks and not (is_addressable and any(takes_kind(kind, channel) for kind in kinds)):
            yield f"{channel.name}: no alert reaches this channel"


def _possible_kinds(model: ScoringModel) -> list[str]:
    level = model.handoff.service_level
    urgent = any(rule.act_now for track in model.tracks.values() for rule in track.rules)
    has_due_time = level is not None and (level.accept_within is not None or level.act_now is not None)
    steps = level.steps if level is not None and has_due_time else ()
    return [
        "handoff_proposed",
        *(["act_now"] if urgent else []),
        *(["service_level_passed"] if has_due_time else []),
        *(["reminder"] if any(step.alert for step in steps) else []),
        *(["escalation"] if any(step.to for step in steps) else []),
    ]


def _unheard_handoffs(settings: AlertSettings, route: str | None, owners: Collection[str]) -> Iterator[str]:
    heard = [channel for channel in settings.channels if takes_kind("handoff_proposed", channel)]
    to = f"handoffs to {route}" if route is not None else "handoffs without a route"
    if not any(_hears_of(channel, route) for channel in heard):
        if any(_hears_of(channel, route) for channel in settings.channels if takes_kind("act_now", channel)):
            yield f"nobody hears of {to} that are not urgent"
        else:
            yield f"nobody hears of {to}"
        return
    unheard = [each for each in (*sorted(owners), None) if not any(is_addressed(route, each, c) for c in heard)]
    if unheard:
        yield f"nobody hears of {to} of accounts {_owned_by(unheard)}"


def _hears_of(channel: ChannelSettings, route: str | None) -> bool:
    return channel.routes is None or route in channel.routes


def _owned_by(owners: Sequence[str | None]) -> str:
    named = [owner for owner in owners if owner is not None]
    shown = [*named[:_MAX_OWNERS], *([f"{len(named) - _MAX_OWNERS} others"] if len(named) > _MAX_OWNERS else [])]
    return " or ".join(
        [*(["of " + ", ".join(shown)] if shown else []), *(["without an owner"] if None in owners else [])]
    )
