"""Clicks of scanners: programs that open the links of a mail before its reader does, to look for malware.

A filter of mail opens them one after the other. So of one message and contact three different links within ten seconds
are no person's, and then none of their clicks is: a scanner comes back, and what it leaves out nobody can tell.

A link counts as its source names it, before anything of it is left out. Clicks whose source names no message are of one
message if campaign and subject are the same, else if they are of the same day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from intake.budgets import DEFAULT_BUDGETS
from intake.domains import normalized_email
from intake.files.json_values import MAX_DOCUMENT
from intake.files.text import Line, numbered_lines
from intake.observation import Item, Observation

LINKS = 3
WINDOW_MS = 10_000
_CLICKED = "email.clicked."
_LINK_FIELDS = ("url", "link", "link_url", "href")
_MOST_MESSAGES = 100_000
"""Messages whose clicks are kept in memory; of more, those without a click for longest are given up."""
_MOST_SCANNED = 1_000_000
_MOST_CLICKS = 32
"""Of one message that are kept: a scanner needs three."""
_DAY_MS = 24 * 3_600_000


class ClickSurvey:
    """Finds the messages that a scanner opened, in clicks of any order and number.

    Memory is bounded; a message is known by the hash of its source, its contact and itself.
    """

    def __init__(self, most_messages: int = _MOST_MESSAGES) -> None:
        self._most_messages = most_messages
        self._clicks: dict[int, list[tuple[int, int]]] = {}
        """Message -> time and hash of the link of its last clicks; the last one that was clicked stands last."""
        self._scanned: dict[int, None] = {}

    @property
    def scanned(self) -> Set[int]:
        """The messages that a scanner opened."""
        return self._scanned.keys()

    def look(self, observation: Observation) -> None:
        link = _link_of(observation) if _is_click(observation) else None
        if link is None or (message := _message_of(observation)) in self._scanned:
            return
        clicks = self._clicks.pop(message, [])
        clicks.append((observation.time, hash(link)))
        if _is_scan(clicks, observation.time):
            self._scanned[message] = None
            _drop_first(self._scanned, _MOST_SCANNED)
        else:
            self._clicks[message] = clicks[-_MOST_CLICKS:]
            _drop_first(self._clicks, self._most_messages)


class SurveyedFiles:
    """Files of one import. Their clicks are looked through before the first item is given."""

    def __init__(self, paths: Sequence[Path], read: Callable[[Path], Iterator[Item]]) -> None:
        self._paths, self._read = paths, read

    def items(self, path: Path) -> Iterator[Item]:
        """The items of one of the files, the clicks of scanners marked."""
        for item in self._read(path):
            yield _marked(item, self._scanned) if isinstance(item, Observation) and self._scanned else item

    @cached_property
    def _scanned(self) -> Set[int]:
        survey = ClickSurvey()
        for path in filter(_may_hold_clicks, self._paths):
            for item in islice(self._read(path), DEFAULT_BUDGETS.items):
                if isinstance(item, Observation):
                    survey.look(item)
        return survey.scanned


def with_machine_clicks(observations: Sequence[Observation]) -> Sequence[Observation]:
    """The observations of one batch, the clicks of scanners marked `machine: true`."""
    clicks = [observation for observation in observations if _is_click(observation)]
    if len(clicks) < LINKS:
        return observations
    survey = ClickSurvey()
    for click in clicks:
        survey.look(click)
    return [_marked(each, survey.scanned) for each in observations] if survey.scanned else observations


def _marked(observation: Observation, scanned: Set[int]) -> Observation:
    if not _is_click(observation) or _message_of(observation) not in scanned:
        return observation
    return replace(observation, data={**observation.data, "machine": True})


def _may_hold_clicks(path: Path) -> bool:
    """Whether it is worth reading the file twice."""
    lines = numbered_lines(path, MAX_DOCUMENT)
    return any(isinstance(line, Line) and b"click" in line.content.lower() for line in lines)


def _is_click(observation: Observation) -> bool:
    """Also of observations that are not valid."""
    type_, time = observation.type, observation.time
    is_named = isinstance(type_, str) and type_.startswith(_CLICKED)
    return is_named and isinstance(time, int) and isinstance(observation.data, dict)


def _is_scan(clicks: Iterable[tuple[int, int]], time: int) -> bool:
    """Whether the last click, at that time, completes what a scanner does."""
    near = sorted(click for click in clicks if abs(click[0] - time) <= WINDOW_MS)
    if len(near) < LINKS:
        return False
    return any(len({link for at, link in near if start <= at <= start + WINDOW_MS}) >= LINKS for start, _ in near)


def _message_of(observation: Observation) -> int:
    """The message and its contact, as their source names them."""
    data = observation.data
    message = data.get("message")
    if not message:
        campaign, subject = data.get("campaign"), data.get("subject")
        message = (str(campaign), str(subject)) if campaign or subject else observation.time // _DAY_MS
    return hash((str(observation.source), _contact_of(observation), str(message)))


def _contact_of(observation: Observation) -> str:
    email = observation.email or observation.stated_email
    if isinstance(email, str):
        return normalized_email(email) or email
    return str(observation.contact or observation.person or observation.visitor)


def _link_of(observation: Observation) -> str | None:
    named = (observation.data.get(field) for field in _LINK_FIELDS)
    return next((link.strip() for link in named if isinstance(link, str) and link.strip()), None)


def _drop_first(entries: dict[int, Any], most: int) -> None:
    while len(entries) > most:
        del entries[next(iter(entries))]
