"""Links between the ids that one person has in a source, made before the source tells whose they are.

A call that shows an anonymous id beside a userId, or an alias of two ids, says that both are one person. While nobody
knows whom, the vault keeps the link; once an address is known, everything that was linked counts for the person.
Visitors connect nobody: two people at one device have the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from intake.vault.vault import ForeignId

_PERSON = "="
"""Begins a link to another id of the source; other links are visitors, `v_…`."""
_MAX_ROUNDS = 8
"""How many aliases of aliases are followed."""
_MAX_LINKED = 1_000
"""Of one person; a program that gives everybody the same id links more."""


class LinkStore(Protocol):
    """The part of the vault that keeps links."""

    def links_of(self, persons: Iterable[ForeignId]) -> dict[ForeignId, list[str]]: ...

    def add_links(self, links: Iterable[tuple[ForeignId, str]]) -> None: ...

    def remove_links(self, persons: Iterable[ForeignId]) -> None: ...

    def person_key(self, person: ForeignId) -> str: ...

    def erased_keys(self, keys: Iterable[str]) -> set[str]: ...


class Linked(NamedTuple):
    """What belongs to one person: their other ids in the source, and visitors."""

    persons: tuple[ForeignId, ...] = ()
    visitors: tuple[str, ...] = ()


NOTHING = Linked()


@dataclass(slots=True)
class PersonLinks:
    """The links of one batch."""

    store: LinkStore
    _linked: dict[ForeignId, dict[str, None]] = field(default_factory=dict)
    _new: dict[tuple[ForeignId, str], None] = field(default_factory=dict)
    _settled: dict[ForeignId, None] = field(default_factory=dict)

    def prefetch(self, persons: Iterable[ForeignId]) -> None:
        """Load the links of these persons, and of the ids that they lead to."""
        wanted = dict.fromkeys(persons)
        for _ in range(_MAX_ROUNDS):
            found = self.store.links_of(wanted) if wanted else {}
            self._linked |= {person: dict.fromkeys(linked) for person, linked in found.items()}
            wanted = dict.fromkeys(other for person in found for other in self._others(person) if other not in wanted)
            wanted = {person: None for person in wanted if person not in self._linked}

    def visitors(self) -> set[str]:
        """All visitors that the loaded links lead to."""
        return {link for links in self._linked.values() for link in links if not link.startswith(_PERSON)}

    def add(self, person: ForeignId, visitor: str | None, other: ForeignId | None) -> None:
        """Note that the person has this visitor, and this other id."""
        if visitor is not None:
            self._add(person, visitor)
        if other is not None and other != person:
            self._add(person, _PERSON + other.id)
            self._add(other, _PERSON + person.id)

    def settle(self, person: ForeignId) -> Linked:
        """What is linked with a person who is known now. It is given once; `remove` forgets the links."""
        if person not in self._linked:
            return NOTHING
        persons, visitors = {person: None}, dict[str, None]()
        pending = [person]
        while pending and len(persons) + len(visitors) < _MAX_LINKED:
            current = pending.pop()
            new = [other for other in self._others(current) if other not in persons]
            persons |= dict.fromkeys(new)
            pending += new
            visitors |= {link: None for link in self._linked.get(current, ()) if not link.startswith(_PERSON)}
        self._forget(persons)
        return Linked(tuple(other for other in persons if other != person), tuple(visitors))

    def save(self) -> None:
        """Store the new links of persons who are still unknown; ids of erased persons do not come back."""
        if not self._new:
            return
        persons = {self.store.person_key(person): person for person, _ in self._new}
        erased = {persons[key] for key in self.store.erased_keys(persons)}
        self.store.add_links(link for link in self._new if erased.isdisjoint(_persons_of(*link)))

    def remove(self) -> None:
        """Remove the links that were settled; called once their facts are durable."""
        if self._settled:
            self.store.remove_links(self._settled)

    def _add(self, person: ForeignId, link: str) -> None:
        links = self._linked.setdefault(person, {})
        if link not in links:
            links[link] = self._new[(person, link)] = None

    def _others(self, person: ForeignId) -> list[ForeignId]:
        return [other for link in self._linked.get(person, ()) for other in _persons_of(person, link)[1:]]

    def _forget(self, persons: Iterable[ForeignId]) -> None:
        for person in persons:
            self._settled[person] = None
            for link in self._linked.pop(person, ()):
                self._new.pop((person, link), None)


def _persons_of(person: ForeignId, link: str) -> tuple[ForeignId, ...]:
    return (person, ForeignId(person.scope, link[len(_PERSON) :])) if link.startswith(_PERSON) else (person,)
