"""The plot, read from story.yaml: accounts, people, campaigns and scenes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from examples.medtech.dice import token

YEAR_BEGINS = datetime(2025, 11, 3, tzinfo=UTC)
YEAR_ENDS = datetime(2026, 10, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    account: str
    who: str
    name: str
    mail: str
    number: int
    role: str = "unknown"
    seniority: str | None = None
    known: datetime | None = None
    """Since when sales knows the role."""
    browser: str | None = None
    """The anonymous id of the person's browser."""
    address: str | None = None
    uses: tuple[str, ...] = ()
    reads: bool = True
    """Whether the person opens mails at all."""


@dataclass(frozen=True, slots=True)
class Scene:
    at: datetime
    account: str
    people: tuple[Person, ...]
    """Empty if no particular person of the account acts, or one of ours does."""
    by: str
    """The name as written in the plot, for actions of our own sales people."""
    does: str
    what: str


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    kind: str
    crm: dict[str, Any]
    people: tuple[Person, ...]
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    id: str
    sent: datetime
    subject: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    domain: str
    staff: dict[str, str]
    campaigns: tuple[Campaign, ...]
    accounts: tuple[Account, ...]

    def scenes(self, *verbs: str) -> list[Scene]:
        """All scenes with one of these verbs, by time."""
        chosen = [scene for account in self.accounts for scene in account.scenes if scene.does in verbs]
        return sorted(chosen, key=lambda scene: scene.at)

    def people(self) -> list[Person]:
        return [person for account in self.accounts for person in account.people]

    def campaign(self, name: str) -> Campaign:
        return next(campaign for campaign in self.campaigns if campaign.id == name)

    def recipients(self, campaign: Campaign) -> list[Person]:
        """The recipients of a campaign: without those who left, bounced, are with sales, or are not known yet."""
        accounts = [account for account in self.accounts if f"{account.kind}s" in campaign.to]
        return [p for account in accounts for p in account.people if _may_be_mailed(account, p, campaign.sent)]


def read_story(path: Path) -> Story:
    plot = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    accounts: list[Account] = []
    number = 0
    for entry in plot["accounts"]:
        accounts.append(_account(entry, number))
        number += len(entry["people"])
    campaigns = tuple(Campaign(c["id"], moment(c["sent"]), c["subject"], tuple(c["to"])) for c in plot["campaigns"])
    return Story(plot["ours"]["domain"], dict(plot["ours"]["staff"]), campaigns, tuple(accounts))


def moment(text: str | datetime) -> datetime:
    """A time in UTC from `2026-02-26 09:00` or `2026-02-26`."""
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)


def offset(at: datetime, seconds: int) -> datetime:
    return at + timedelta(seconds=seconds)


def _account(entry: dict[str, Any], first_number: int) -> Account:
    domain = entry["account"]
    people = {
        who: _person(domain, who, facts, first_number + position)
        for position, (who, facts) in enumerate(entry["people"].items(), start=1)
    }
    scenes = tuple(_scene(domain, people, line) for line in entry["scenes"].splitlines())
    return Account(domain, entry["kind"], dict(entry.get("crm", {})), tuple(people.values()), scenes)


def _person(domain: str, who: str, facts: dict[str, Any], number: int) -> Person:
    return Person(
        account=domain,
        who=who,
        name=facts["name"],
        mail=facts.get("mail", f"{who}@{domain}"),
        number=number,
        role=facts.get("role", "unknown"),
        seniority=facts.get("seniority"),
        known=moment(facts["known"]) + timedelta(hours=16) if "known" in facts else None,
        browser=f"anon-{token(domain, who)}" if facts.get("browser") else None,
        address=facts.get("address"),
        uses=tuple(facts.get("uses", ())),
        reads=facts.get("reads", True),
    )


def _scene(domain: str, people: dict[str, Person], line: str) -> Scene:
    at, who, does, what = (part.strip() for part in line.split(" | ", 3))
    cast = tuple(people[name.strip()] for name in who.split(",") if name.strip() in people)
    return Scene(moment(at), domain, cast, who, does, what)


def _may_be_mailed(account: Account, person: Person, at: datetime) -> bool:
    if any(s.at < at and s.does == "suppresses" for s in account.scenes):
        return False
    own = [scene for scene in account.scenes if person in scene.people]
    if any(s.at < at and s.does in ("unsubscribes", "bounces") for s in own):
        return False
    return account.kind != "other" or any(s.at < at for s in own)
