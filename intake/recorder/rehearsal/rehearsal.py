"""The parts of a recorder that writes nothing.

Every part that the recorder writes to is replaced by one that reads from the stored one, and remembers in memory what
it would have stored, so that later batches see it.
"""

from collections.abc import Iterable, Mapping

from intake.recorder.appender import Appender
from intake.recorder.attribution import Directory
from intake.recorder.identification import Vault
from intake.recorder.profiles.told_profiles import ProfileKey, Profiles, ToldProfile
from intake.recorder.rehearsal.log import RehearsedAppender, RehearsedDirectory
from intake.recorder.rehearsal.vault import RehearsedVault


class Rehearsal:
    """The parts of a recorder that writes nothing, and the accounts that it would make."""

    def __init__(self, appender: Appender, vault: Vault, directory: Directory, profiles: Profiles) -> None:
        self.directory = RehearsedDirectory(directory)
        self.appender = RehearsedAppender(appender, self.directory)
        self.vault = RehearsedVault(vault)
        self.profiles = RehearsedProfiles(profiles)

    @property
    def new_accounts(self) -> list[str]:
        """Accounts that have no facts yet, in the order in which they would be made."""
        return list(self.directory.new_accounts)


class RehearsedProfiles:
    """Remembers what would be told."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._told: dict[tuple[str, str], dict[ProfileKey, ToldProfile]] = {}
        """By source and subject."""

    def find(self, source: str, subjects: Iterable[str]) -> dict[ProfileKey, ToldProfile]:
        wanted = list(subjects)
        found = self._profiles.find(source, wanted)
        for subject in wanted:
            found |= self._told.get((source, subject), {})
        return found

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        for key, profile in profiles.items():
            self._told.setdefault((key.source, key.subject), {})[key] = profile
