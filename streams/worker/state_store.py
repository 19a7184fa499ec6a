"""The last records of a partition's accounts and contacts, kept as bytes and decoded on demand."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from scoring.fold import FOLD_VERSION, Account
from scoring.plan import Plan
from streams.activation import other_fold_version
from streams.scorer.unit import account_of_records
from streams.worker.units import KeyValue

_MODEL_AND_FOLD = re.compile(rb'"model":"(?:[^"\\]|\\.)*","fold":(\d+),')


class _StoredAccount(msgspec.Struct):
    state: msgspec.Raw


_decode_stored_account = msgspec.json.Decoder(_StoredAccount).decode


class StateStore:
    """The latest records of one partition of `scores`, without the checkpoint."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        self._accounts: dict[str, dict[bytes, bytes]] = {}
        """account -> key -> value"""
        self.put(values.items())

    def put(self, records: Iterable[KeyValue]) -> None:
        """Replace the records of these keys."""
        for key, value in records:
            self._accounts.setdefault(account_id_of(key), {})[key] = value

    def load(self, id: str, plan: Plan) -> Account | None:
        """The account with all its contacts. Raises ValueError if another version of the fold wrote it."""
        records = self._accounts.get(id)
        if records is None:
            return None
        own = id.encode()
        state = bytes(_decode_stored_account(records[own]).state)
        account = account_of_records(state, (value for key, value in records.items() if key != own), plan)
        if account is None:
            raise ValueError(f"another version of the fold than {FOLD_VERSION} wrote the state of {id!r}")
        return account

    def has_outdated(self, plan: Plan) -> bool:
        """Whether another model wrote an account. Raises LogRefused if another version of the fold did."""
        current = b'"model":%s,"fold":%d,' % (msgspec.json.encode(plan.version), FOLD_VERSION)
        outdated = [own for id, records in self._accounts.items() if current not in (own := records[id.encode()])]
        versions = {int(found[1]) for own in outdated if (found := _MODEL_AND_FOLD.search(own)) is not None}
        if versions - {FOLD_VERSION}:
            raise other_fold_version(min(versions - {FOLD_VERSION}))
        return bool(outdated)

    def drop_incomplete(self, lost_keys: Iterable[bytes]) -> set[str]:
        """Drop the accounts that lack one of their records, or their own; returns their ids."""
        lost = {account_id_of(key) for key in lost_keys}
        lost |= {id for id, records in self._accounts.items() if id.encode() not in records}
        for id in lost:
            self._accounts.pop(id, None)
        return lost


def account_id_of(key: bytes) -> str:
    return key.split(b"/", 1)[0].decode("utf-8", "replace")
