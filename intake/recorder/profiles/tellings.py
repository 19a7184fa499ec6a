"""Tellings: what of a profile differs from what its source told before, and the fact that tells it.

A table is imported again and again, and mostly says the same. So a fact holds only what differs, and the last telling
of each source is kept. The first telling keeps the date of its row. A later one is dated by the row's modification, or
by the import if there is none or if it is not after the telling before.

The id of a telling is derived from the id of the one before it and from what it tells: A, B, A are three facts, a
repetition is none, and what was appended but not yet noted as told is a duplicate when it is told again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from intake.observation import Observation
from intake.recorder.profiles.told_profiles import ProfileKey, Profiles, ToldProfile

_canonical = msgspec.json.Encoder(order="deterministic").encode


class Telling(NamedTuple):
    """A fact about a subject: its id, time and data, and what has been told with it."""

    id: str
    time: int
    content: dict[str, Any]
    profile: ToldProfile
    is_first: bool = False
    is_repetition: bool = False
    """Nothing differs: the telling before, once more."""


def next_telling(
    key: ProfileKey, observation: Observation, content: Mapping[str, Any], before: ToldProfile | None, now: int
) -> Telling:
    """What the observation tells after `before`. `now`: the time of the import.

    A blank tells that a value is not there any more, if the source told one before; a field that is missing tells
    nothing.
    """
    if before is None:
        fields = {name: value for name, value in content.items() if value is not None}
        id = _telling_id(key, "", fields)
        return Telling(id, observation.time, fields, ToldProfile(id, observation.time, fields), is_first=True)
    told = before.fields
    differing = {name: value for name, value in content.items() if told.get(name) != value}
    if not differing:
        return Telling(before.fact, before.time, dict(told), before, is_repetition=True)
    id, time = _telling_id(key, before.fact, differing), _time_of(observation.modified_at, before.time, now)
    return Telling(id, time, differing, ToldProfile(id, time, {**told, **differing}))


def _time_of(modified_at: int | None, before: int, now: int) -> int:
    """After the telling before, and never in the future."""
    return modified_at if modified_at is not None and before < modified_at <= now else max(now, before + 1)


def _telling_id(key: ProfileKey, before: str, content: Mapping[str, Any]) -> str:
    """`told` sorts behind the ids of earlier versions, and of two facts of one time the greater id wins."""
    return f"{key.id}:told:{sha256(before.encode() + _canonical(content)).hexdigest()[:16]}"


@dataclass(slots=True)
class ToldBook:
    """What the sources of one batch told before it, and in it."""

    profiles: Profiles
    _known: dict[ProfileKey, ToldProfile] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    """Source and subject of what was loaded."""
    _new: dict[ProfileKey, ToldProfile] = field(default_factory=dict)

    def prefetch(self, subjects: Iterable[tuple[str, str]]) -> None:
        """Load what each source told of these subjects, in one query for a source. Pairs of source and subject."""
        missing: dict[str, list[str]] = {}
        for pair in subjects:
            if pair not in self._asked:
                self._asked.add(pair)
                missing.setdefault(pair[0], []).append(pair[1])
        for source, names in missing.items():
            # What this batch told is newer.
            self._known = self.profiles.find(source, names) | self._known

    def told(self, key: ProfileKey, *, is_new: bool = False) -> ToldProfile | None:
        """`is_new`: nobody knew the subject before this batch."""
        if not is_new:
            self.prefetch([(key.source, key.subject)])
        return self._known.get(key)

    def note(self, key: ProfileKey, profile: ToldProfile) -> None:
        """The fact that tells it will be appended."""
        if profile != self._known.get(key):
            self._known[key] = self._new[key] = profile

    def save(self) -> None:
        """Called once the facts of the batch are durable."""
        if self._new:
            self.profiles.store(self._new)
