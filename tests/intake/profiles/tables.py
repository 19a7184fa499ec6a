"""A recorder that remembers what sources told, and builders of rows of tables."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine

from intake.observation import Observation
from intake.recorder.profiles.told_profiles import ProfileKey, ToldProfile
from tests.intake.recorder.fakes import RecorderWorld, new_observation


class MemoryProfiles:
    """What sources told last, in a dictionary. `fails`: the next time something is stored."""

    def __init__(self) -> None:
        self.profiles: dict[ProfileKey, ToldProfile] = {}
        self.fails = False

    def find(self, source: str, subjects: Iterable[str]) -> dict[ProfileKey, ToldProfile]:
        wanted = set(subjects)
        return {key: told for key, told in self.profiles.items() if key.source == source and key.subject in wanted}

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        if self.fails:
            self.fails = False
            raise OSError("killed")
        self.profiles |= profiles


def world_with_profiles(engine: Engine, **options: Any) -> tuple[RecorderWorld, MemoryProfiles]:
    profiles = MemoryProfiles()
    return RecorderWorld(engine, profiles=profiles, **options), profiles


def account_row(
    account: str = "acme.com", record: str | None = None, *, where: str = "crm.csv:2", **fields: Any
) -> Observation:
    """A row of accounts, dated 1970 like rows without a date. `time` and `modified_at` are the row's own."""
    own = {name: fields.pop(name) for name in ("time", "modified_at", "source") if name in fields}
    values = {"source": "crm", "time": 0, "where": where, "account": account, "account_hint": record} | own
    return new_observation(f"account:{account}:-:0", "account.registered.v1", profile=True, data=fields, **values)


def contact_row(id: str = "pat@acme.com", **fields: Any) -> Observation:
    """A row of contacts with this address."""
    data = {name: fields.pop(name) for name in ("role", "seniority", "owner") if name in fields}
    values = {"source": "crm", "time": 0, "email": id, "data": {**data, "system": "crm"}} | fields
    return new_observation(f"contact:{id}", "contact.registered.v1", profile=True, **values)
