"""Rows of tables of accounts: which of them tell of an account, and which are a further id of one.

Several billing units of one company have a row each, with one domain. The first row holds it. A later row that shows
the domain of another account adds its id and name to that account as an alias, and its firmographics are not told. A
source with `keep_ids` keeps such rows apart as accounts without that domain.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec.structs import replace

from intake.account_ids import account_id, slug
from intake.observation import Observation
from intake.recorder.attribution import Attributor, name_key
from intake.recorder.drafts import ALIAS_ADDED, Draft, record_of
from intake.recorder.profiles.tellings import Telling, ToldBook, next_telling
from intake.recorder.profiles.told_profiles import ProfileKey, account_key, account_subject
from intake.recorder.registration import Claims, Problem, learn_name, new_account_id
from intake.sources import Sources
from intake.vault.vault import scope_of
from streams import NewRecord

_LATER_TYPES = {"account.registered.v1": "account.updated.v1"}


class AccountRow(NamedTuple):
    """A row that tells of `account`, with the domains that it may claim."""

    account: str
    claims: Claims


class AliasRow(NamedTuple):
    """A row that is an alias of `holder`; `given_id`: the account id that the row names, if it names one."""

    holder: str
    given_id: str | None


@dataclass(slots=True)
class AccountRows:
    """The rows of one batch."""

    attributor: Attributor
    book: ToldBook
    sources: Sources
    now: int
    _aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    """(system, id) -> account, for the ids of the batch that are aliases."""
    _proposed: dict[str, tuple[ProfileKey, Telling]] = field(default_factory=dict)

    def prefetch(self, observations: Iterable[Observation]) -> None:
        """Load from tables and directory, in few queries, what the batch will need."""
        rows = [each for each in observations if each.profile and each.account is not None]
        self.book.prefetch((each.source, account_subject(account_id(each.account or "") or "")) for each in rows)
        self.attributor.prefetch("domain", [domain for each in rows for domain in each.data.get("domains") or ()])
        ids_by_system: dict[str, dict[str, None]] = {}
        for each in rows:
            ids = ids_by_system.setdefault(scope_of(each.source), {})
            ids |= dict.fromkeys(filter(None, (_record_of(each), each.account)))
        for system, ids in ids_by_system.items():
            found = self.attributor.directory.accounts_of_aliases(system, ids)
            self._aliases |= {(system, id): account for id, account in found.items()}

    def resolve(
        self,
        observation: Observation,
        content: Mapping[str, Any],
        claims: Claims,
        account: str,
        known: str | None = None,
    ) -> AccountRow | AliasRow | Problem:
        """What the row is, `account` being the id that it names or that follows from its domain or name, and `known`
        the account that its record had before."""
        is_given = account != new_account_id(content, claims, None)
        if observation.account is None:  # a further row of a domain, as its connector knows
            is_given, holder = False, self._first_holder_of(claims)
        else:
            holder = self._holder_of(observation, claims, account)
        if holder is None:
            return AccountRow(account, claims)
        if self.sources.of(observation.source).keep_ids:
            return self._kept_apart(observation, content, claims, account if is_given else None)
        row = AliasRow(holder, account if is_given else None)
        return self._problem_of(observation, row, claims, known) or row

    def tell(
        self, observation: Observation, content: Mapping[str, Any], key: ProfileKey, *, is_new: bool = False
    ) -> Observation:
        """The observation with what differs from what its source told last. `is_new`: nobody knew the subject."""
        telling = next_telling(key, observation, content, self.book.told(key, is_new=is_new), self.now)
        self._proposed[telling.id] = (
            key,
            telling._replace(
                profile=telling.profile._replace(record=telling.profile.record or _record_of(observation))
            ),
        )
        is_whole = telling.is_first or telling.is_repetition
        return replace(
            observation,
            id=telling.id,
            type=observation.type if is_whole else _LATER_TYPES.get(observation.type, observation.type),
            time=telling.time,
            data=telling.content,
            former_id=(observation.former_id or observation.id) if telling.is_first else None,
        )

    def note(self, observation: Observation) -> None:
        """The observation becomes a fact of the batch."""
        proposed = self._proposed.pop(observation.id, None)
        if proposed is not None:
            key, telling = proposed
            self.book.note(key, telling.profile)

    def add_alias(self, observation: Observation, row: AliasRow, name: object) -> Observation:
        """The observation of an alias; what follows in the batch finds the account by it."""
        system, record = scope_of(observation.source), _record_of(observation)
        id, title = record or row.given_id, name if isinstance(name, str) else None
        names = self.attributor.overlay.names
        for each in filter(None, (row.given_id, title)):
            learn_name(names, name_key(each), row.holder)
        known = {"system": system, "id": id, "name": title}
        return replace(
            observation,
            id=_alias_id(row.holder, system, id, title),
            type=ALIAS_ADDED,
            data={field: text for field, text in known.items() if text},
            account=row.given_id if row.given_id != id else None,
            former_id=None,
        )

    def _holder_of(self, observation: Observation, claims: Claims, account: str) -> str | None:
        """The other account, or the other row of this account, that holds a domain of the row or knows its id."""
        system, record = scope_of(observation.source), _record_of(observation)
        known = self._aliases.get((system, record or "")) or self._aliases.get((system, account))
        if known is not None:
            return known
        other = self._first_holder_of(claims, account)
        if other is not None or account != new_account_id({}, claims, None):
            return other
        told = self.book.told(account_key(observation.source, account))
        return account if told and told.record and record and told.record != record else None

    def _first_holder_of(self, claims: Claims, but: str | None = None) -> str | None:
        """The account that claimed the first of the domains that another account than `but` has claimed."""
        holders = filter(None, map(self.attributor.claiming_account, claims.domains))
        return next((holder for holder in holders if holder != but), None)

    def _problem_of(self, observation: Observation, row: AliasRow, claims: Claims, known: str | None) -> Problem | None:
        """An account with facts never becomes an alias."""
        now = self.attributor.account_of_name(known) if known is not None else None
        ids = (row.given_id, account_id(_record_of(observation) or ""), now)
        other = next((id for id in ids if id and id != row.holder and self._has_facts(observation.source, id)), None)
        if other is None:
            return None
        domain = next((each for each in claims.domains if self.attributor.claiming_account(each) == row.holder), None)
        why = (
            f"domains: {domain or row.holder} belongs to the account {row.holder}, and {other} is an account with facts"
        )
        return "domain_taken", f"{why}; merge the two (`account merge`), or omit the domain"

    def _has_facts(self, source: str, account: str) -> bool:
        attributor, told = self.attributor, self.book.told(account_key(source, account))
        return (
            told is not None
            or attributor.overlay.names.get(name_key(account)) == account
            or (attributor.directory.exists(account))
        )

    def _kept_apart(
        self, observation: Observation, content: Mapping[str, Any], claims: Claims, given_id: str | None
    ) -> AccountRow | Problem:
        name = content.get("name")
        own_id = given_id or account_id(_record_of(observation) or "") or slug(name if isinstance(name, str) else "")
        if own_id is None:
            return "no_account", "no id: rows of this source are kept apart (keep_ids), so each needs an id or a name"
        holder_of = self.attributor.claiming_account
        return AccountRow(own_id, Claims(tuple(each for each in claims.domains if holder_of(each) in (None, own_id))))


def alias_records(draft: Draft) -> Iterator[NewRecord]:
    """One fact per id: the record id of the row with its name, and the account id that it names."""
    yield record_of(draft)
    given_id, system = draft.observation.account, draft.content.get("system")
    if given_id is not None:
        id = _alias_id(draft.attribution.account, str(system), given_id, None)
        observation = replace(draft.observation, id=id)
        yield record_of(draft._replace(observation=observation, content={"system": system, "id": given_id}))


def _record_of(observation: Observation) -> str | None:
    return (observation.account_hint or "").strip() or None


def _alias_id(holder: str, system: str, id: str | None, name: str | None) -> str:
    told = "\n".join((system, id or "", name or ""))
    return f"alias:{holder}:{sha256(told.encode()).hexdigest()[:16]}"
