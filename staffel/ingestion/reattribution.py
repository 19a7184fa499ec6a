"""Reattribution: visitors without a cookie whose company is known by now are identified.

Their facts were recorded before a network or a domain told whose they are. Nothing else of the files is recorded.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple

from intake import (
    Item,
    KnownCompany,
    Observation,
    Rejected,
    ShownDomain,
    VisitorCompanies,
    company_of_domain,
    identification_of,
)
from intake.recorder import Recorded
from projections import Directory, parked_domains, waiting_visitors
from staffel.application import Application, company_networks
from staffel.ingestion.importer import batches, with_progress
from staffel.ingestion.tally import Tally

Companies = dict[str, KnownCompany]


class Release(NamedTuple):
    """Of one account: its new visitors, their facts that were kept, and those that were not."""

    account: str
    visitors: int
    facts: int
    not_kept: int


@dataclass
class Reattribution:
    """What was identified; `read` and the rejections are those of the files."""

    tally: Tally = field(default_factory=Tally)
    visitors: Counter[str] = field(default_factory=Counter)
    """By account, as the following ones."""
    facts: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    ambiguous: int = 0
    """Visitors whose facts show several companies."""
    seen: set[str] = field(default_factory=set)
    """Visitors that were identified."""

    @property
    def releases(self) -> list[Release]:
        """By account, the one with most facts first."""
        listed = [Release(name, self.visitors[name], self.facts[name], self.not_kept[name]) for name in self.visitors]
        return sorted(listed, key=lambda each: (-each.facts, each.account))

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.tally.read,
            "identified": self.visitors.total(),
            "released": self.facts.total(),
            "not_kept": self.not_kept.total(),
            "ambiguous": self.ambiguous,
            "accounts": [release._asdict() for release in self.releases],
            "rejected_total": self.tally.rejected_total,
            "rejected": self.tally.as_json()["rejected"],
        }


def reattribute(
    application: Application, items: Iterable[Item], advance: Callable[[int], object], *, dry_run: bool = False
) -> Reattribution:
    """Identify the visitors of the items, and those whose parked facts show a domain; wait until it is visible."""
    result = Reattribution()
    if dry_run:
        _identify_all(application, with_progress(items, advance), result, dry_run=True)
        return result
    is_host = application.lock.try_acquire()
    try:
        if is_host:
            application.drain()
        _identify_all(application, with_progress(items, advance), result, dry_run=False)
        if is_host:
            application.drain()
    finally:
        if is_host:
            application.lock.release()
    application.wait_until_visible()
    return result


def _identify_all(application: Application, items: Iterable[Item], result: Reattribution, *, dry_run: bool) -> None:
    networks = company_networks(application.settings)
    companies = VisitorCompanies(application.vault, Directory(application.engine), networks)
    for batch in batches(items):
        result.tally.read += len(batch)
        for item in batch:
            if isinstance(item, Rejected):
                result.tally.count_rejected(item)
        clients = companies.of_clients(item for item in batch if isinstance(item, Observation))
        _identify(application, clients, result, dry_run=dry_run)
    for parked in _of_parked(application, companies, result):
        _identify(application, parked, result, dry_run=dry_run)


def _of_parked(
    application: Application, companies: VisitorCompanies, result: Reattribution, size: int = 1_000
) -> Iterator[Companies]:
    """The companies of visitors by the domains that their parked facts show, some visitors at a time."""
    visitors = groupby(parked_domains(application.engine), attrgetter("visitor"))
    shown_by_visitor = ({ShownDomain(*each) for each in shown} for _, shown in visitors)
    while group := [shown for visitor in islice(shown_by_visitor, size) for shown in sorted(visitor)]:
        found: dict[str, Companies] = {}
        for shown, account in companies.of_domains(group):
            found.setdefault(shown.visitor, {})[account] = company_of_domain(shown, account)
        result.ambiguous += sum(len(accounts) > 1 for accounts in found.values())
        yield {visitor: next(iter(accounts.values())) for visitor, accounts in found.items() if len(accounts) == 1}


def _identify(application: Application, companies: Companies, result: Reattribution, *, dry_run: bool) -> None:
    waiting = waiting_visitors(application.engine, (each for each in companies if each not in result.seen))
    outcomes: list[Any] = []
    if waiting and not dry_run:
        observations = [identification_of(visitor, companies[visitor]) for visitor in waiting]
        outcomes = application.recorder.record(observations, own=True)
    for number, (visitor, facts) in enumerate(waiting.items()):
        result.seen.add(visitor)
        if dry_run or isinstance(outcomes[number], Recorded):
            account = companies[visitor].attribution.account
            result.visitors[account] += 1
            result.facts[account] += facts.kept
            result.not_kept[account] += max(facts.facts - facts.kept, 0)
