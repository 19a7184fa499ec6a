"""The application: database, log, vault and recorder of one process, connected according to its settings."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from audit import recomputed_updates
from database import Database, HostLock
from projections import Directory, end_offsets
from projections.read_models import Replay
from schemas import ENGAGEMENT, Clock
from scoring.model import load_model, version_of
from scoring.plan import Plan
from staffel.errors import UsageError
from staffel.settings import Settings, named_file_text, read_text
from streams import Log, plan_at
from streams.scorer import active_model_offset

if TYPE_CHECKING:  # commands that only read start faster without the recorder
    from alerts import AlertSettings
    from intake import Recorder, Sources
    from intake.recorder import CompanyNetworks
    from intake.vault import Vault

RandomBytes = Callable[[int], bytes]


def system_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class CatchUpTimeout(Exception):
    """The hosting process has not caught up within the time a command waits."""


@dataclass(frozen=True)
class Application(ABC):
    """The connected parts of one process. What differs between the two hosts is behind abstract methods."""

    settings: Settings
    engine: Database
    log: Log
    lock: HostLock
    clock: Clock
    random_bytes: RandomBytes

    @property
    @abstractmethod
    def holder(self) -> str:
        """The holder of this process's leases."""

    @property
    def plan(self) -> Plan:
        """The model in force, compiled. Each access asks the log: ask once per operation and pass the plan on."""
        return self._plan_at(active_model_offset(self.log))

    @cached_property
    def _plan_at(self) -> Callable[[int], Plan]:
        """Offset of an activation -> its model, read and compiled when another offset is asked for."""
        return lru_cache(maxsize=1)(partial(plan_at, self.log))

    @cached_property
    def vault(self) -> "Vault":
        """For look-ups: a vault that does not exist yet knows nobody and stays without a secret."""
        from intake.vault import Vault

        return Vault(self.vault_database, self.random_bytes, creates=False)

    @cached_property
    def vault_database(self) -> Database:
        from intake.vault import move_out, open_vault_database

        vault_database = open_vault_database(self.settings.vault_url)
        move_out(self.engine, vault_database)
        return vault_database

    def move_out_vault(self) -> None:
        """Move the vault of an earlier version out of the database, before it is asked for."""
        _ = self.vault_database

    @cached_property
    def bound_vault(self) -> "Vault":
        """For recording. Raises `WrongVault` unless it is the vault of this log."""
        from intake.vault import Vault, bind, link_of

        is_new = link_of(self.engine).fingerprint is None
        vault = Vault(self.vault_database, self.random_bytes, creates=is_new)
        bind(self.engine, vault.fingerprint)
        return vault

    @cached_property
    def model_warning(self) -> str | None:
        """What to tell who records while STAFFEL_MODEL names another model than the log has.

        Raises `UsageError` if the file is unreadable, `DocumentError` if it is invalid.
        """
        file = self.settings.model
        if file is None:
            return None
        named, active = version_of(load_model(named_file_text("STAFFEL_MODEL", file), str(file)), 1), self.plan.version
        if without_counter(named) == without_counter(active):
            return None
        return (
            f"STAFFEL_MODEL names {named} ({file}), but this log has the model {active} and scores by that; correct or "
            "remove the setting, or name another home in STAFFEL_HOME, begin it with `staffel init`, and import your "
            "files there"
        )

    @cached_property
    def recorder(self) -> "Recorder":
        _ = self.model_warning  # a setting that cannot be read stops before anything is recorded
        from intake import Recorder
        from intake.recorder import StoredProfiles, appender_for
        from intake.vault import link_of

        vault = self.bound_vault
        return Recorder(
            appender_for(self.log, self.engine, self.clock, keep_forever=True),
            vault,
            Directory(self.engine),
            self.clock,
            networks=company_networks(self.settings),
            sources=self.sources,
            profiles=StoredProfiles(self.engine),
            asks_former_ids=link_of(self.engine).asks_former_ids,
        )

    @cached_property
    def sources(self) -> "Sources":
        return source_settings(self.settings)

    def wait_until_visible(self, outcome: str = "recorded") -> None:
        """Return when everything recorded so far is visible; raises `CatchUpTimeout` if that takes too long.

        `outcome` goes into the message: what became of the caller's own facts.
        """
        timeout_reason = self.await_visible(end_offsets(self.log, ENGAGEMENT))
        if timeout_reason is not None:
            raise CatchUpTimeout(f"{outcome}, but {timeout_reason}")

    def close(self) -> None:
        self.log.close()
        self.engine.dispose()
        if "vault_database" in vars(self):
            self.vault_database.dispose()

    @abstractmethod
    def drain(self) -> None:
        """Run the steps until nothing moves; the caller holds the host lock."""

    @abstractmethod
    def await_visible(self, end_offsets: Mapping[int, int]) -> str | None:
        """Return None when the engagement before these offsets is visible, after a timeout the reason."""


def without_counter(version: str) -> tuple[str, str]:
    """Name and content of a model, whose version counts its activations in between."""
    name, _, content = version.rsplit("-", 2)
    return name, content


def replay_of(log: Log) -> Replay:
    """All updates once more, for a projector that finds updates missing."""
    return lambda partition: recomputed_updates(log, partition)


def company_networks(settings: Settings) -> "CompanyNetworks":
    from intake.recorder import NoNetworks, read_networks

    if settings.networks is None:
        return NoNetworks()
    if not settings.networks.is_file() or not os.access(settings.networks, os.R_OK):
        raise UsageError(f"STAFFEL_NETWORKS: {settings.networks}: no such file; name one that can be read")
    return read_networks(settings.networks)[0]


def source_settings(settings: Settings) -> "Sources":
    """The settings of sources; those of no source if STAFFEL_SOURCES names no file.

    Raises `UsageError` if the file is unreadable, `DocumentError` if it is invalid.
    """
    from intake import Sources

    file = settings.sources
    return Sources() if file is None else sources_of(named_file_text("STAFFEL_SOURCES", file), file)


def source_settings_from(file: Path) -> "Sources":
    return sources_of(read_text(file), file)


def sources_of(text: str, file: Path) -> "Sources":
    from intake import read_sources

    return read_sources(text, str(file), file.parent)


def alert_settings(settings: Settings) -> "AlertSettings":
    """The file that STAFFEL_ALERTS names. Raises `UsageError` if none is named or it is unreadable, `DocumentError` if
    it is invalid."""
    if settings.alerts is None:
        raise UsageError(f"STAFFEL_ALERTS names no file; write one that lists channels, for example\n{_ALERTS_EXAMPLE}")
    return alerts_of(named_file_text("STAFFEL_ALERTS", settings.alerts), settings.alerts)


def alert_settings_from(file: Path) -> "AlertSettings":
    return alerts_of(read_text(file), file)


def alerts_of(text: str, file: Path) -> "AlertSettings":
    from alerts import read_alerts

    return read_alerts(text, str(file), os.environ)


_ALERTS_EXAMPLE = """channels:
  - name: sales-chat
    url_env: SALES_CHAT"""
