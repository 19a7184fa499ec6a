"""Random worlds: a valid model and a log that lives under it, for properties and comparisons. Shrinks to few facts."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.scoring.model_strategies import ENGAGEMENT_TYPES, FORMS, ROLES, TAGS, TRACKS, URLS, Json, models, weighted

ACCOUNTS = ("acme.com", "beta.com")
CONTACTS = ("c_a", "c_b", "c_c")
VISITORS = ("v_x", "v_y")
STARTS = ("2026-01-05T09:40:00", "2026-03-27T20:00:00", "2026-09-04T23:30:00")
"""Any day, and shortly before the clocks change in Berlin and in Santiago."""

Event = Callable[[str], list[Json]]
"""What happens, once it is known to which account: one thing after another, an hour between them."""
HANDOFF_STEPS = (
    ("accepted",), ("rejected",), ("expired",), ("accepted", "recycled"), ("accepted", "converted"),
    ("expired", "accepted"), ("expired", "rejected"), ("recycled",), ("converted",),
    ("accepted", "converted", "recycled"),
)  # fmt: skip

_seconds = st.one_of(
    st.sampled_from([0, 60, 1200, 3600, 5 * 3600, 20 * 3600]),
    st.sampled_from([24 * 3600, 3 * 86400, 11 * 86400, 40 * 86400]),
    st.integers(0, 4 * 86400),
)
_delays = st.just(0) | st.sampled_from([600, 3600, 86400, 12 * 86400, 200 * 86400])


@dataclass(frozen=True)
class World:
    model: Json
    facts: list[Json]
    """CloudEvents of one partition, in log order."""

    @property
    def model_text(self) -> str:
        """The model as YAML (JSON is YAML)."""
        return json.dumps(self.model)

    @property
    def accounts(self) -> list[str]:
        return sorted({fact["subject"] for fact in self.facts})

    @property
    def end(self) -> str:
        """The greatest time of any fact."""
        return max(str(fact["time"]) for fact in self.facts)

    def without(self, *types: str) -> "World":
        """The same world without the facts of these types, version or not."""
        return World(self.model, [fact for fact in self.facts if fact["type"].rpartition(".v")[0] not in types])


def worlds(*, late: bool = True, max_facts: int = 25) -> st.SearchStrategy[World]:
    """Worlds of up to `most` facts; without `late` every fact is recorded as it happens, in the order of time."""
    delays = _delays if late else st.just(0)
    moment = st.tuples(_seconds, delays, st.sampled_from([*ACCOUNTS[:1] * 5, ACCOUNTS[1]]), _events())
    log = st.builds(_log, st.sampled_from(STARTS), _lists(moment, max_facts), _repeats())
    return st.builds(World, models(), log)


def busy_worlds(*, late: bool = True, max_facts: int = 40) -> st.SearchStrategy[World]:
    """Worlds of one account that crosses soon and often: mostly engagement, and decisions on its handoffs."""
    delays = _delays if late else st.just(0)
    people = st.one_of(_joins(), _roles())
    rare = [_profiles(), _reviews(), _deals(), _deals()]
    event = weighted((7, _engagements()), (3, _decisions()), (2, people), *((1, strategy) for strategy in rare))
    moment = st.tuples(_seconds, delays, st.just(ACCOUNTS[0]), event)
    log = st.builds(_log, st.sampled_from(STARTS), _lists(moment, max_facts), st.just([]))
    return st.builds(World, models(easy=True), log)


def _lists(moment: st.SearchStrategy[Any], max_size: int) -> st.SearchStrategy[list[Any]]:
    """Short, middling and long ones; left alone, lists would mostly be short."""
    return st.sampled_from([1, 6, 16]).flatmap(
        lambda least: st.lists(moment, min_size=min(least, max_size), max_size=max_size)
    )


def _log(start: str, moments: list[tuple[int, int, str, Event]], repeats: list[int]) -> list[Json]:
    clock = datetime.fromisoformat(start).replace(tzinfo=UTC)
    facts: list[Json] = []
    for gap, delay, account, event in moments:
        clock += timedelta(seconds=gap)
        for content in event(account):
            happened = clock - timedelta(seconds=delay)
            facts.append(_fact(len(facts) + 1, account, content, _format_time(happened), _format_time(clock)))
            clock += timedelta(hours=1)
        clock -= timedelta(hours=1)
    repeated = [{**facts[place % len(facts)], "recordedtime": _format_time(clock)} for place in repeats]
    return facts + repeated


def _fact(number: int, account: str, content: Json, time: str, recorded: str) -> Json:
    fixed = {"specversion": "1.0", "id": f"f{number}", "source": "world", "subject": account}
    return {**fixed, **content, "time": time, "recordedtime": recorded}


def _repeats() -> st.SearchStrategy[list[int]]:
    """Places of facts that come a second time at the end."""
    return st.lists(st.integers(0, 30), max_size=2)


def _events() -> st.SearchStrategy[Event]:
    rare = [
        _profiles(), _roles(), _joins(), _suppressions(), _adjustments(), _reviews(), _others(),
        _deals(), _assignments(),
    ]  # fmt: skip
    return weighted((10, _engagements()), (3, _decisions()), *((1, strategy) for strategy in rare))


def _engagements() -> st.SearchStrategy[Event]:
    types = st.sampled_from([f"{name}.v1" for name in ENGAGEMENT_TYPES] + ["nps.answered.v2"])
    return st.builds(_event, types, st.none() | st.sampled_from(CONTACTS + VISITORS), _contents())


def _contents() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {},
        optional={
            "form": st.sampled_from([*FORMS, None]),
            "url": st.sampled_from(URLS),
            "minutes": st.sampled_from([30, 10, 45.5, 0, -5, "30", True, None]),
            "message": st.sampled_from(["m1", "m2", None]),
            "properties": st.fixed_dictionaries({}, optional={"tags": st.lists(st.sampled_from(TAGS), max_size=2)}),
            "score": st.integers(-1, 12),
            "bot": st.sampled_from([False, False, False, True]),
            "machine": st.sampled_from([False, False, True, None]),
        },
    ).map(lambda content: {"score": 9, **content})


def _decisions() -> st.SearchStrategy[Event]:
    """On a handoff that may exist: the crossings of an account are numbered from 1."""
    tracks = st.sampled_from([*TRACKS[:1] * 3, *TRACKS])
    return st.builds(_decision, st.sampled_from(HANDOFF_STEPS), tracks, st.sampled_from([1, 1, 1, 2, 2, 3]))


def _decision(steps: tuple[str, ...], track: str, crossing: int) -> Event:
    def event(account: str) -> list[Json]:
        content = {"handoff": f"{account}/{track}/{crossing}", "opportunity": "o1"}
        return [{"type": f"handoff.{step}.v1", "data": content} for step in steps]

    return event


def _deals() -> st.SearchStrategy[Event]:
    """Of opportunities that may have been opened, and may name a handoff."""
    words = st.sampled_from(["opened", "won", "lost", "advanced"])
    named = st.none() | st.tuples(st.sampled_from(TRACKS), st.sampled_from([1, 2]))
    return st.builds(_deal, words, st.sampled_from(["o1", "o1", "o2", None]), named)


def _deal(word: str, opportunity: str | None, named: tuple[str, int] | None) -> Event:
    def event(account: str) -> list[Json]:
        handoff = {} if named is None else {"handoff": f"{account}/{named[0]}/{named[1]}"}
        return [{"type": f"opportunity.{word}.v1", "data": {"opportunity": opportunity, **handoff}}]

    return event


def _assignments() -> st.SearchStrategy[Event]:
    return st.builds(_assignment, st.sampled_from(TRACKS), st.sampled_from(["anna", "ben"]))


def _assignment(track: str, to: str) -> Event:
    return lambda account: [{"type": "handoff.assigned.v1", "data": {"handoff": f"{account}/{track}/1", "to": to}}]


def _profiles() -> st.SearchStrategy[Event]:
    fields = st.fixed_dictionaries(
        {"employees": st.sampled_from([10, 200, 5000, None])},
        optional={
            "country": st.sampled_from(["DE", "NO", None]),
            "industry": st.sampled_from(["pharma", "bakery", None]),
            "customer": st.sampled_from([False, True, None]),
            "segment": st.sampled_from(["big", "small", None]),
        },
    )
    return st.builds(_event, st.sampled_from(["account.updated.v1", "account.registered.v1"]), st.none(), fields)


def _roles() -> st.SearchStrategy[Event]:
    content = st.fixed_dictionaries({}, optional={"role": st.sampled_from([*ROLES, "janitor", None])})
    types = st.sampled_from(["contact.identified.v1", "contact.registered.v1"])
    return st.builds(_event, types, st.sampled_from(CONTACTS), content)


def _joins() -> st.SearchStrategy[Event]:
    content = st.fixed_dictionaries(
        {"visitor": st.sampled_from(VISITORS)},
        optional={"role": st.sampled_from(ROLES[:2]), "to": st.sampled_from(ACCOUNTS)},
    )
    return st.builds(_event, st.just("contact.identified.v1"), st.sampled_from(CONTACTS), content)


def _suppressions() -> st.SearchStrategy[Event]:
    types = st.sampled_from(["account.suppressed.v1", "account.released.v1"])
    return st.builds(_event, types, st.none(), st.just({}))


def _adjustments() -> st.SearchStrategy[Event]:
    content = st.fixed_dictionaries(
        {"track": st.sampled_from([*TRACKS, "nowhere"]), "points": st.sampled_from([20, -20, 0.5])}
    )
    return st.builds(_event, st.just("score.adjusted.v1"), st.none(), content)


def _reviews() -> st.SearchStrategy[Event]:
    return st.builds(_event, st.just("review.due.v1"), st.none(), st.just({}))


def _others() -> st.SearchStrategy[Event]:
    """What is nobody's engagement, or of no effect on scores."""
    types = st.sampled_from(["contact.suppressed.v1", "email.delivered.v1", "email.unsubscribed.v1"])
    return st.builds(_event, types, st.none() | st.sampled_from(CONTACTS), st.just({}))


def _event(type_: str, contact: str | None, content: dict[str, Any]) -> Event:
    event = {"type": type_, **({"contact": contact} if contact else {}), **({"data": content} if content else {})}
    return lambda _account: [event]


def _format_time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
