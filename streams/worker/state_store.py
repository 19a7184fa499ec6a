"""The last records of a partition's accounts and contacts, as bytes. Never decodes one before it is asked for."""

from collections.abc import Iterable, Mapping

import msgspec

from schemas.scores import decode_contact_scored
from scoring.fold import codec
from scoring.fold.state import FOLD_VERSION, Account
from scoring.plan.plan import Plan
from streams.worker.units import KeyValue


class _StoredAccount(msgspec.Struct):
    state: msgspec.Raw


_decode_stored_account = msgspec.json.Decoder(_StoredAccount).decode


class StateStore:
    """What `scores` holds of one partition, its checkpoint left out."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        self._accounts: dict[str, dict[bytes, bytes]] = {}
        """account -> key -> value"""
        self.put(values.items())

    def put(self, records: Iterable[KeyValue]) -> None:
        """These are the last ones of their keys now."""
        for key, value in records:
            self._accounts.setdefault(account_id_of(key), {})[key] = value

    def load(self, id: str, plan: Plan) -> Account | None:
        """The account with all its contacts. ValueError where it is of another fold."""
        records = self._accounts.get(id)
        if records is None:
            return None
        own = id.encode()
        account = codec.decode_account(bytes(_decode_stored_account(records[own]).state), plan)
        if account is None:
            raise ValueError(f"the state of {id!r} is of another fold than {FOLD_VERSION}")
        for key, value in records.items():
            if key != own:
                contact = codec.decode_contact(bytes(decode_contact_scored(value).state), plan)
                account.contacts[contact.id] = contact
        return account

    def has_outdated(self, plan: Plan) -> bool:
        """Whether an account was folded under another model or by another version of the fold."""
        current = b'"model":%s,"fold":%d,' % (msgspec.json.encode(plan.version), FOLD_VERSION)
        return any(current not in records[id.encode()] for id, records in self._accounts.items())


def account_id_of(key: bytes) -> str:
    return key.split(b"/", 1)[0].decode()
