"""One batch on its way into the log: which accounts its observations belong to, and which facts they become.

Goes through the observations in their order, so that what one tells holds for the next. Never appends.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from intake.account_ids import account_id
from intake.domains import business_domain, suffixes_of
from intake.observation import Observation, Rejected
from intake.recorder import registration
from intake.recorder.attribution import ANON, CLAIMED, COMPANY, EARLIER, EXPLICIT, Attribution, Attributor, Shown
from intake.recorder.drafts import IDENTIFIED, Draft, identification, identities, record_of
from intake.recorder.identification import People, Who
from streams.log import NewRecord


class History(Protocol):
    """What was recorded before this batch; the entrance to the log answers."""

    def with_facts(self, accounts: Iterable[str]) -> Set[str]:
        """Those of these `anon:` accounts that the log holds anything of."""


class Sound(NamedTuple):
    """An observation that passed the door, and what of its data may be recorded."""

    observation: Observation
    content: dict[str, Any]


@dataclass(slots=True)
class Batch:
    people: People
    attributor: Attributor
    history: History
    now: int
    recorded: Mapping[str, str] = field(default_factory=dict)
    """Record id -> the account that an earlier try went to, whatever would be found now."""
    _homes: dict[tuple[str, str], None] = field(default_factory=dict)
    """Contacts without a company, with the visitors whose `anon:` accounts hold their facts."""
    _arrived: dict[str, Draft] = field(default_factory=dict)
    """Persons that this batch found in a company."""
    _identified: dict[str, str] = field(default_factory=dict)
    """Pairs that this batch tells: known to the next ones once they are durable."""
    _paired: set[str] = field(default_factory=set)
    """Visitors that come together with a person."""
    _asked: dict[str, bool] = field(default_factory=dict)
    """Visitors, and whether they had facts of their own before the batch."""

    def look_up(self, observations: list[Observation]) -> None:
        """Ask vault and directory at once for what the batch will want to know."""
        self.people.look_up(observations)
        open_ = [o for o in observations if o.account is None]
        shown = [self.people.shown(o) for o in open_]
        self._paired = {who.visitor for who in shown if who.visitor and who.contact}
        hosts = dict.fromkeys(who.email_domain or _host(o) for o, who in zip(open_, shown, strict=True))
        domains = (domain for host in hosts if host for domain in suffixes_of(host))
        self.attributor.look_up("contact", [who.contact for who in shown if who.contact])
        self.attributor.look_up("visitor", [who.visitor for who in shown if who.visitor])
        self.attributor.look_up("domain", domains)

    def draft(self, sound: Sound) -> Draft | Rejected:
        """The observation with its account. Reserves the domains that it claims."""
        observation, content = sound
        who = self.people.who(observation, content)
        if observation.type in registration.TYPES:
            return self._registration(sound, who)
        found = self.attributor.attribute(self._shown(observation, who))
        if found is None:
            return Rejected(observation.where, "no_account", _no_account(observation))
        return self._draft(sound, found, who)

    def records(self, draft: Draft) -> list[NewRecord]:
        """The facts of a draft, its own first; what they teach holds for later drafts."""
        records = self._identifying(draft, draft.contact, draft.visitor) or [record_of(draft)]
        self._learn(draft)
        return records

    def keep(self) -> None:
        """Write down what was learned, before the facts that rest on it are appended."""
        # Homes first: whose id is known already counts as nobody else's when the batch is given again after a crash.
        self.people.vault.add_homes(self._homes)
        self.people.keep()

    def releases(self) -> list[NewRecord]:
        """What opens the anonymous accounts of those who arrived in a company."""
        homes = self.people.vault.homes_of(self._arrived) if self._arrived else {}
        self._arrived = {contact: draft for contact, draft in self._arrived.items() if contact in homes}
        return [
            record
            for contact, draft in self._arrived.items()
            for visitor in homes[contact]
            for record in identification(draft, visitor, [ANON + visitor], reported=False)
        ]

    def finish(self) -> None:
        """The batch is durable."""
        for pair, account in self._identified.items():
            self.attributor.overlay.keep(self.attributor.overlay.identified, pair, account)
        if self._arrived:
            self.people.vault.leave_homes(list(self._arrived))

    def _draft(self, sound: Sound, found: Attribution, who: Who) -> Draft:
        observation, content = sound
        recorded_at = observation.recorded_at if observation.trusted else None
        recorded_at = self.now if recorded_at is None else recorded_at
        home = self._as_before(found, observation) if self.recorded else found
        return Draft(observation, content, home, who.contact, who.visitor, recorded_at, who.alias)

    def _as_before(self, found: Attribution, observation: Observation) -> Attribution:
        accounts = [self.recorded[id] for id in identities(observation) if id in self.recorded]
        if not accounts or accounts[-1] == found.account:
            return found
        return found._replace(account=accounts[-1], rule=EARLIER)

    def _shown(self, observation: Observation, who: Who) -> Shown:
        if observation.account is not None:
            return Shown(account=account_id(observation.account), email_domain=who.email_domain)
        return Shown(
            company=self.people.company(observation),
            company_name=(observation.account_hint or "").strip() or None,
            contact=who.contact,
            visitor=who.visitor,
            email_domain=who.email_domain,
            host=observation.host,
            ip=observation.ip,
            alone=self.people.alone(who),
        )

    def _registration(self, sound: Sound, who: Who) -> Draft | Rejected:
        observation, content = sound
        claims = registration.claims_of(content)
        if not isinstance(claims, registration.Claims):
            return Rejected(observation.where, *claims)
        found = self._registered(observation, content, claims)
        if found is None:
            return Rejected(observation.where, "no_account", _no_account(observation))
        problem = registration.reserve(self.attributor, found.account, content, claims)
        if problem is not None:
            return Rejected(observation.where, *problem)
        self.people.learn_company(observation, found.account)
        if not observation.trusted:
            content = registration.with_domains(content, claims)
        return self._draft(Sound(observation, content), found, who)

    def _registered(
        self, observation: Observation, content: Mapping[str, Any], claims: registration.Claims
    ) -> Attribution | None:
        if observation.account is not None:
            return Attribution(account_id(observation.account) or "", EXPLICIT, 100)
        known = self.people.company(observation) or self._updated(observation, claims)
        hint = (observation.account_hint or "").strip() or None
        account = known or registration.id_of(content, claims, hint)
        if account is None:
            return None
        return Attribution(account, CLAIMED, 100) if claims.domains else Attribution(account, COMPANY, 95)

    def _updated(self, observation: Observation, claims: registration.Claims) -> str | None:
        """An account that is there; a registration makes its own, so that it cannot take another's by mistake."""
        if observation.type == registration.REGISTERED:
            return None
        hint = (observation.account_hint or "").strip()
        named = self.attributor.account_of_name(hint) if hint else None
        return named or next(filter(None, map(self.attributor.claimant, claims.domains)), None)

    def _identifying(self, draft: Draft, contact: str | None, visitor: str | None) -> list[NewRecord]:
        """The facts of a draft that shows a person and a visitor; none where it does not."""
        if contact is None or visitor is None or draft.stands:
            return []
        reported = draft.observation.type == IDENTIFIED
        if draft.attribution.account.startswith(ANON):
            shown = {"visitor": visitor, "contact": contact} if reported else {}
            return [record_of(draft._replace(content={**draft.content, **shown}))]
        if reported:
            return list(identification(draft, visitor, self._holders(visitor), reported=True))
        return [record_of(draft), *self._observed(draft, contact, visitor)]

    def _observed(self, draft: Draft, contact: str, visitor: str) -> list[NewRecord]:
        pair = f"{visitor} {contact}"
        if pair in self._identified or pair in self.attributor.overlay.identified:
            return []
        self._identified[pair] = draft.attribution.account
        return list(identification(draft, visitor, self._holders(visitor), reported=False))

    def _holders(self, visitor: str) -> list[str]:
        """The accounts that hold facts of the visitor: its own `anon:` one, and the company it was seen in."""
        company = self.attributor.account_of_visitor(visitor)
        if company is None:
            return [ANON + visitor]
        return [ANON + visitor, company] if self._was_alone(visitor) else [company]

    def _was_alone(self, visitor: str) -> bool:
        if visitor in self.attributor.overlay.anonymous:
            return True
        if visitor not in self._asked:
            self._ask_at_once(self._paired | {visitor})
        return self._asked[visitor]

    def _ask_at_once(self, visitors: Iterable[str]) -> None:
        accounts = {ANON + visitor: visitor for visitor in visitors}
        found = self.history.with_facts(accounts)
        self._asked = {visitor: account in found for account, visitor in accounts.items()} | self._asked

    def _learn(self, draft: Draft) -> None:
        overlay, account, contact = self.attributor.overlay, draft.attribution.account, draft.contact
        overlay.learn(contact, draft.visitor, account)
        if draft.stands:
            self._learn_standing(draft.content)
        if contact is None or (draft.observation.email is None and draft.observation.person is None):
            return
        if draft.alias is not None and draft.alias != draft.visitor and self._was_alone(draft.alias):
            self._homes[(contact, draft.alias)] = None
        if account.startswith(ANON):
            self._homes[(contact, account.removeprefix(ANON))] = None
            return
        self._arrived[contact] = draft
        if draft.visitor is not None:
            overlay.keep(overlay.visitors, draft.visitor, account)

    def _learn_standing(self, content: Mapping[str, Any]) -> None:
        """An identification that a trusted file brings complete."""
        visitor, to = content.get("visitor"), content.get("to")
        if isinstance(visitor, str) and isinstance(to, str) and not to.startswith(ANON):
            self.attributor.overlay.keep(self.attributor.overlay.visitors, visitor, to)


def _host(observation: Observation) -> str | None:
    return business_domain(observation.host) if observation.host else None


def _no_account(observation: Observation) -> str:
    if observation.account_hint:
        return (
            f"no account is known by {observation.account_hint[:80]!r}; "
            "register it first (accounts before opportunities), or give its id as subject"
        )
    return "it shows neither account, person nor visitor; give a subject, an e-mail address or an anonymous id"
