"""One batch of observations: the account of each, and the facts it becomes.

Observations are processed in order, so that what one shows (a claimed domain, a person's company) applies to the next.
The recorder appends the facts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec.structs import replace

from intake.account_ids import account_id
from intake.domains import business_domain, suffixes_of
from intake.observation import Filtered, Observation, Rejected
from intake.recorder import registration
from intake.recorder.appender import Appender
from intake.recorder.attribution import (
    ANON,
    CLAIMED,
    COMPANY,
    EARLIER_ATTEMPT,
    EXPLICIT,
    Attribution,
    AttributionSignals,
    Attributor,
)
from intake.recorder.drafts import (
    CONTACT_IDENTIFIED,
    Draft,
    identification_records,
    record_ids_of,
    record_of,
)
from intake.recorder.identification import Identity, IdentityResolver
from intake.recorder.profiles import (
    CONTACT_REGISTERED,
    AccountRow,
    AccountRows,
    AliasRow,
    account_key,
    alias_records,
    attribution_of,
    contact_key,
    contact_subject,
    is_contact_row,
    no_account_reason,
)
from streams import NewRecord

ERASED = "erased"
"""Why an observation is filtered that shows a person who was erased."""


class ValidObservation(NamedTuple):
    """An observation that passed validation, the part of its data that may be recorded, and what was left out."""

    observation: Observation
    content: dict[str, Any]
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class Batch:
    """The state of one batch. Call order: `prefetch`, `draft` and `records` per observation, `save`, `on_appended`."""

    identities: IdentityResolver
    attributor: Attributor
    appender: Appender
    rows: AccountRows
    now: int
    earlier_accounts: Mapping[str, str] = field(default_factory=dict)
    """Record id -> the account that an earlier attempt was sent to; it overrides today's attribution."""
    _anonymous_accounts: dict[tuple[str, str], None] = field(default_factory=dict)
    """Pairs (contact, visitor): the visitor's `anon:` account holds facts of the contact, who has no company yet."""
    _company_contacts: dict[str, Draft] = field(default_factory=dict)
    """Contacts that this batch attributed to a company, with the draft that showed it."""
    _new_pairs: dict[str, str] = field(default_factory=dict)
    """Pairs `visitor contact` identified in this batch -> account. They enter the overlay once they are durable."""
    _visitors_with_contact: set[str] = field(default_factory=set)
    """Visitors that appear together with a contact; their history is read in one query."""
    _had_facts: dict[str, bool] = field(default_factory=dict)
    """Visitor -> whether its `anon:` account had facts before the batch."""

    def prefetch(self, observations: list[Observation]) -> None:
        """Load from vault and directory, in few queries, what the batch will need."""
        self.identities.prefetch(observations)
        self.rows.prefetch(observations)
        self.rows.book.prefetch(self._known_contact_subjects(observations))
        unassigned = [o for o in observations if o.account is None]
        known = [self.identities.known_identity(o) for o in unassigned]
        self._visitors_with_contact = {identity.visitor for identity in known if identity.visitor and identity.contact}
        self._visitors_with_contact |= (earlier := self.identities.earlier_visitors(observations))
        pairs = zip(unassigned, known, strict=True)
        hosts = dict.fromkeys(identity.email_domain or _business_host(o) for o, identity in pairs)
        domains = (domain for host in hosts if host for domain in suffixes_of(host))
        self.attributor.prefetch("contact", [identity.contact for identity in known if identity.contact])
        self.attributor.prefetch("visitor", [*(identity.visitor for identity in known if identity.visitor), *earlier])
        self.attributor.prefetch("domain", domains)

    def draft(self, valid: ValidObservation) -> Draft | Filtered | Rejected:
        """The observation with its account. Reserves the domains that it claims. Filtered: of an erased person."""
        if self.identities.is_erased(valid.observation, valid.content):
            return Filtered(valid.observation.where, ERASED)
        observation = self._with_account_key(valid.observation)
        content = self._with_target_key(valid)
        if isinstance(observation, Rejected):
            return observation
        if isinstance(content, Rejected):
            return content
        if observation is not valid.observation or content is not valid.content:
            valid = valid._replace(observation=observation, content=content)
        identity = self.identities.identify(observation, content)
        if identity.contact is not None and self.identities.is_proposed(identity.contact):
            self.attributor.note_unknown("contact", identity.contact)
        if observation.type in registration.TYPES:
            return self._registration_draft(valid, identity)
        if is_contact_row(observation):
            return self._contact_draft(valid, identity)
        attribution = self.attributor.attribute(self._signals(observation, identity))
        if attribution is None:
            return Rejected(observation.where, "no_account", _no_account_reason(observation))
        return self._attributed_draft(valid, attribution, identity)

    def records(self, draft: Draft) -> list[NewRecord]:
        """The facts of a draft, its own first. What they show applies to later drafts of the batch."""
        self.identities.use(draft.observation, draft.contact)
        if draft.is_alias:
            return list(alias_records(draft))
        records = self._identification_records(draft, draft.contact, draft.visitor) or [record_of(draft)]
        records += self._earlier_identifications(draft)
        self._learn(draft)
        self.rows.note(draft.observation)
        return records

    def save(self) -> bool:
        """Store in the vault what the batch learned. Must happen before its facts are appended.

        False if another process admitted one of the new persons meanwhile: the batch has to be drafted again.
        """
        if not self.identities.save():
            return False
        # Anonymous accounts first: after a crash in between, the repeated batch would find the person's id known, and
        # would not look for a provisional visitor again.
        self.identities.vault.add_anonymous_accounts(self._anonymous_accounts)
        self.identities.save_foreign_ids()
        return True

    def releases(self) -> list[NewRecord]:
        """Identification facts that release the anonymous accounts of contacts whose company is now known."""
        contacts, vault = self._company_contacts, self.identities.vault
        visitors = vault.anonymous_accounts_of(contacts) if contacts else {}
        self._company_contacts = {contact: draft for contact, draft in contacts.items() if contact in visitors}
        return [
            record
            for contact, draft in self._company_contacts.items()
            for visitor in visitors[contact]
            for record in identification_records(draft, visitor, [ANON + visitor], reported=False)
        ]

    def on_appended(self) -> None:
        """Called once the batch is durable."""
        self.rows.book.save()
        for pair, account in self._new_pairs.items():
            self.attributor.overlay.put(self.attributor.overlay.identified_pairs, pair, account)
        if self._company_contacts:
            self.identities.vault.remove_anonymous_accounts(list(self._company_contacts))
        self.identities.links.remove()

    def _known_contact_subjects(self, observations: Iterable[Observation]) -> Iterator[tuple[str, str]]:
        for row in (each for each in observations if each.profile and (each.email or each.person)):
            contact = self.identities.known_identity(row).contact
            if contact is not None:
                yield row.source, contact_subject(contact)

    def _attributed_draft(self, valid: ValidObservation, attribution: Attribution, identity: Identity) -> Draft:
        observation, content, _ = valid
        recorded_at = observation.recorded_at if observation.trusted else None
        recorded_at = self.now if recorded_at is None else recorded_at
        final = self._with_earlier_account(attribution, observation) if self.earlier_accounts else attribution
        contact, visitor, earlier = identity.contact, identity.visitor, identity.earlier_visitors
        return Draft(observation, content, final, contact, visitor, recorded_at, earlier)

    def _with_earlier_account(self, attribution: Attribution, observation: Observation) -> Attribution:
        accounts = [self.earlier_accounts[id] for id in record_ids_of(observation) if id in self.earlier_accounts]
        if not accounts or accounts[-1] == attribution.account:
            return attribution
        return attribution._replace(account=accounts[-1], rule=EARLIER_ATTEMPT)

    def _signals(self, observation: Observation, identity: Identity) -> AttributionSignals:
        if observation.account is not None:
            return AttributionSignals(account=account_id(observation.account), email_domain=identity.email_domain)
        return AttributionSignals(
            company=self.identities.account_of_company(observation),
            company_name=(observation.account_hint or "").strip() or None,
            other_company_name=observation.company_name,
            contact=identity.contact,
            visitor=identity.visitor,
            email_domain=identity.email_domain,
            host=observation.host,
            ip=observation.ip,
            anonymous_visitor=self.identities.anonymous_visitor(identity),
        )

    def _with_account_key(self, observation: Observation) -> Observation | Rejected:
        id_ = account_id(observation.account) if observation.account is not None else None
        key = self.attributor.account_key(id_) if id_ is not None else None
        if isinstance(key, tuple):
            return Rejected(observation.where, *key)
        return observation if key == id_ else replace(observation, account=key)

    def _with_target_key(self, valid: ValidObservation) -> dict[str, Any] | Rejected:
        """The data of an identification with the account that the visitor's facts go to: it may be a new one."""
        target = valid.content.get("to") if valid.observation.type == CONTACT_IDENTIFIED else None
        id_ = account_id(target) if isinstance(target, str) else None
        key = self.attributor.account_key(id_) if id_ is not None else None
        if isinstance(key, tuple):
            code, why = key
            return Rejected(valid.observation.where, code, f"data.to: {why.removeprefix('subject: ')}")
        return valid.content if key is None or key == target else {**valid.content, "to": key}

    def _registration_draft(self, valid: ValidObservation, identity: Identity) -> Draft | Rejected:
        observation, content, _ = valid
        claims = registration.claims_of(content)
        if not isinstance(claims, registration.Claims):
            return Rejected(observation.where, *claims)
        attribution = self._registration_attribution(observation, content, claims)
        if attribution is None:
            return Rejected(observation.where, "no_account", _no_account_reason(observation))
        if observation.profile:
            known = self.identities.account_of_company(observation)
            row = self.rows.resolve(observation, content, claims, attribution.account, known)
            if isinstance(row, AliasRow):
                return self._alias_draft(valid, row, identity)
            if not isinstance(row, AccountRow):
                return Rejected(observation.where, *row)
            attribution, claims = attribution._replace(account=row.account), row.claims
        problem = registration.reserve_domains(self.attributor, attribution.account, content, claims)
        if problem is not None:
            return Rejected(observation.where, *problem)
        self.identities.learn_company(observation, attribution.account)
        if not observation.trusted:
            content = registration.with_claimed_domains(content, claims)
        if observation.profile:
            observation = self.rows.tell(observation, content, account_key(observation.source, attribution.account))
            content = observation.data
        return self._attributed_draft(ValidObservation(observation, content), attribution, identity)

    def _alias_draft(self, valid: ValidObservation, row: AliasRow, identity: Identity) -> Draft:
        self.identities.learn_company(valid.observation, row.holder)
        observation = self.rows.add_alias(valid.observation, row, valid.content.get("name"))
        attribution = Attribution(row.holder, CLAIMED, 100)
        return self._attributed_draft(ValidObservation(observation, observation.data), attribution, identity)

    def _contact_draft(self, valid: ValidObservation, identity: Identity) -> Draft | Rejected:
        observation, content = valid.observation, valid.content
        attribution = attribution_of(self.attributor, observation, self._signals(observation, identity))
        if attribution is None:
            return Rejected(observation.where, "no_account", no_account_reason(observation))
        who = identity.contact or identity.visitor
        if observation.profile and observation.type == CONTACT_REGISTERED and who is not None:
            key = contact_key(observation.source, who, attribution.account)
            observation = self.rows.tell(observation, content, key, is_new=self.identities.is_new(who))
            content = observation.data
        return self._attributed_draft(ValidObservation(observation, content), attribution, identity)

    def _registration_attribution(
        self, observation: Observation, content: Mapping[str, Any], claims: registration.Claims
    ) -> Attribution | None:
        if observation.account is not None:
            return Attribution(account_id(observation.account) or "", EXPLICIT, 100)
        known = self.identities.account_of_company(observation) or self._existing_account(observation, claims)
        hint = (observation.account_hint or "").strip() or None
        account = known or registration.new_account_id(content, claims, hint)
        if account is None:
            return None
        return Attribution(account, CLAIMED, 100) if claims.domains else Attribution(account, COMPANY, 95)

    def _existing_account(self, observation: Observation, claims: registration.Claims) -> str | None:
        """The account that an update refers to by name or domain.

        A registration ignores these: it must not change another account that happens to have the same name.
        """
        if observation.type == registration.ACCOUNT_REGISTERED:
            return None
        hint = (observation.account_hint or "").strip()
        named = self.attributor.account_of_name(hint) if hint else None
        return named or next(filter(None, map(self.attributor.claiming_account, claims.domains)), None)

    def _identification_records(self, draft: Draft, contact: str | None, visitor: str | None) -> list[NewRecord]:
        """The facts of a draft that shows both a contact and a visitor, otherwise none."""
        if contact is None or visitor is None or draft.is_complete_identification:
            return []
        reported = draft.observation.type == CONTACT_IDENTIFIED
        if draft.attribution.account.startswith(ANON):
            pair = {"visitor": visitor, "contact": contact} if reported else {}
            return [record_of(draft._replace(content={**draft.content, **pair}))]
        if reported:
            return list(identification_records(draft, visitor, self._holding_accounts(visitor), reported=True))
        return [record_of(draft), *self._inferred_identification(draft, contact, visitor)]

    def _inferred_identification(self, draft: Draft, contact: str, visitor: str) -> list[NewRecord]:
        pair = f"{visitor} {contact}"
        if pair in self._new_pairs or pair in self.attributor.overlay.identified_pairs:
            return []
        self._new_pairs[pair] = draft.attribution.account
        return list(identification_records(draft, visitor, self._holding_accounts(visitor), reported=False))

    def _earlier_identifications(self, draft: Draft) -> list[NewRecord]:
        """Identifies the visitors that the person was before, where a company has facts of them."""
        contact, visitors = draft.contact, draft.earlier_visitors
        if contact is None or draft.attribution.account.startswith(ANON):
            return []
        known = [each for each in visitors if each != draft.visitor and self.attributor.account_of_visitor(each)]
        return [record for visitor in known for record in self._inferred_identification(draft, contact, visitor)]

    def _holding_accounts(self, visitor: str) -> list[str]:
        """The accounts that have facts of the visitor: its own `anon:` account, and the company it was seen in."""
        company = self.attributor.account_of_visitor(visitor)
        if company is None:
            return [ANON + visitor]
        return [ANON + visitor, company] if self._had_anonymous_facts(visitor) else [company]

    def _had_anonymous_facts(self, visitor: str) -> bool:
        if visitor in self.attributor.overlay.anonymous_visitors:
            return True
        if visitor not in self._had_facts:
            self._prefetch_history(self._visitors_with_contact | {visitor})
        return self._had_facts[visitor]

    def _prefetch_history(self, visitors: Iterable[str]) -> None:
        accounts = {ANON + visitor: visitor for visitor in visitors}
        found = self.appender.accounts_with_facts(accounts)
        self._had_facts = {visitor: account in found for account, visitor in accounts.items()} | self._had_facts

    def _learn(self, draft: Draft) -> None:
        overlay, account, contact = self.attributor.overlay, draft.attribution.account, draft.contact
        overlay.learn(contact, draft.visitor, account)
        if draft.is_complete_identification:
            self._learn_complete_identification(draft.content)
        if contact is None or (draft.observation.email is None and draft.observation.person is None):
            return
        earlier = [visitor for visitor in draft.earlier_visitors if visitor != draft.visitor]
        self._anonymous_accounts |= {
            (contact, visitor): None for visitor in earlier if self._had_anonymous_facts(visitor)
        }
        if account.startswith(ANON):
            self._anonymous_accounts[(contact, account.removeprefix(ANON))] = None
            return
        self._company_contacts[contact] = draft
        for visitor in (*earlier, *filter(None, [draft.visitor])):
            overlay.put(overlay.visitors, visitor, account)

    def _learn_complete_identification(self, content: Mapping[str, Any]) -> None:
        """The visitor follows the target account of a complete identification."""
        visitor, target = content.get("visitor"), content.get("to")
        if isinstance(visitor, str) and isinstance(target, str) and not target.startswith(ANON):
            self.attributor.overlay.put(self.attributor.overlay.visitors, visitor, target)


def _business_host(observation: Observation) -> str | None:
    return business_domain(observation.host) if observation.host else None


def _no_account_reason(observation: Observation) -> str:
    if observation.account_hint:
        return (
            f"no account with the id or name {observation.account_hint[:80]!r}; "
            "register it first (accounts before opportunities), or give its id as subject"
        )
    return "no account, person or visitor; add a subject, an e-mail address or an anonymous id"
