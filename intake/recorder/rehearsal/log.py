"""Log and directory of a rehearsal: what would be appended, which accounts would be made, which domains claimed."""

from collections.abc import Iterable, Mapping, Sequence, Set

from intake.recorder.appender import Appender
from intake.recorder.attribution import ANON, Directory, KeyKind
from intake.recorder.inbox import AppendedFact, hash_of_id
from streams import NewRecord

NOWHERE = -1
"""Partition and offset of a fact that was not appended."""
_MOST_IDS = 2_000_000


class RehearsedDirectory:
    """Claims are remembered."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._claims: dict[str, str] = {}
        self._existing: set[str] = set()
        self.new_accounts: dict[str, None] = {}

    def accounts_of(self, kind: KeyKind, keys: Iterable[str]) -> dict[str, str]:
        wanted = list(keys)
        claimed = {key: self._claims[key] for key in wanted if key in self._claims} if kind == "domain" else {}
        return self._directory.accounts_of(kind, wanted) | claimed

    def account_of_name(self, name: str) -> str | None:
        found = self._directory.account_of_name(name)
        return found or (name.strip().lower() if name.strip().lower() in self.new_accounts else None)

    def accounts_of_aliases(self, system: str, ids: Iterable[str]) -> dict[str, str]:
        return self._directory.accounts_of_aliases(system, ids)

    def exists(self, account: str) -> bool:
        return account in self.new_accounts or self._directory.exists(account)

    def claim(self, domain: str, account: str) -> str | None:
        stored = self._directory.accounts_of("domain", [domain]).get(domain)
        holder = stored or self._claims.setdefault(domain, account)
        return None if holder == account else holder

    def note(self, account: str) -> None:
        """A fact of the account would be recorded."""
        if account.startswith(ANON) or account in self.new_accounts or account in self._existing:
            return
        if self._directory.exists(account):
            self._existing.add(account)
        else:
            self.new_accounts[account] = None


class RehearsedAppender:
    """Says of each record whether the log has it, or would have it by now."""

    def __init__(self, appender: Appender, directory: RehearsedDirectory) -> None:
        self._appender, self._directory = appender, directory
        self._recent: set[bytes] = set()
        self._older: set[bytes] = set()
        self._anonymous: set[str] = set()

    def earlier_accounts(self, ids: Iterable[str]) -> Mapping[str, str]:
        return self._appender.earlier_accounts(ids)

    def recorded(self, ids: Sequence[str]) -> Mapping[str, AppendedFact]:
        return self._appender.recorded(ids)

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        stored = self._appender.recorded([record.id for record in records if record.id is not None])
        return [stored.get(record.id or "") or self._append_one(record) for record in records]

    def accounts_with_facts(self, accounts: Iterable[str]) -> Set[str]:
        wanted = list(accounts)
        return {*self._appender.accounts_with_facts(wanted), *self._anonymous.intersection(wanted)}

    def _append_one(self, record: NewRecord) -> AppendedFact:
        id_ = hash_of_id(record.id or "")
        is_duplicate = id_ in self._recent or id_ in self._older
        if len(self._recent) >= _MOST_IDS:
            self._recent, self._older = set(), self._recent
        self._recent.add(id_)
        self._directory.note(record.key)
        if record.key.startswith(ANON):
            self._anonymous.add(record.key)
        return AppendedFact(record.key, NOWHERE, NOWHERE, is_duplicate)
