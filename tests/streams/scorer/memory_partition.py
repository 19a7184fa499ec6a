"""A partition in memory whose scorer can be restarted at any time; units go into a dict of last records."""

from typing import Any

import msgspec

from schemas.scores import CHECKPOINT_KEY, Changes, decode_account_scored, decode_contact_scored
from scoring.fold import codec
from scoring.fold.state import Account
from scoring.plan.plan import Plan
from streams.log import NewRecord, Record, Unit
from streams.scorer.embedded import build_unit
from streams.scorer.partition_fold import PartitionFold

CHANGE_FIELDS = msgspec.structs.fields(Changes)


class MemoryPartition:
    """`stored`: the last record of each key; `units`: all that was written."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.latest: dict[str, NewRecord] = {}
        self.units: list[Unit] = []
        self.fold = PartitionFold(0, self._load, plan=plan)

    def recover(self) -> "MemoryPartition":
        """Restart: only written records and the duplicate window remain."""
        window = self.fold.window
        self.fold = PartitionFold(0, self._load, plan=self.plan)
        self.fold.window = window
        return self

    def score(self, records: list[Record]) -> "MemoryPartition":
        unit = build_unit(self.fold, records, records[0].offset)
        self.units.append(unit)
        self.latest.update({record.key: record for record in unit.scores})
        return self

    def digests(self) -> dict[str, str]:
        accounts = [record for key, record in self.latest.items() if "/" not in key and key != CHECKPOINT_KEY]
        return {
            scored.account: scored.digest for scored in (decode_account_scored(record.value) for record in accounts)
        }

    def changes_by_account(self) -> dict[str, dict[str, Any]]:
        """Account -> all its changes, merged as if one unit had written them; the last profile."""
        changes_of: dict[str, dict[str, Any]] = {}
        for record in (record for unit in self.units for record in unit.scores):
            if "/" not in record.key and record.key != CHECKPOINT_KEY:
                changes = msgspec.to_builtins(decode_account_scored(record.value).changes)
                _add(changes_of.setdefault(record.key, {}), changes)
        return changes_of

    def _load(self, id: str, plan: Plan) -> Account | None:
        own = self.latest.get(id)
        account = own and codec.decode_account(bytes(decode_account_scored(own.value).state), plan)
        if not account:
            return None
        for record in [record for key, record in self.latest.items() if key.startswith(f"{id}/")]:
            contact = codec.decode_contact(bytes(decode_contact_scored(record.value).state), plan)
            account.contacts[contact.id] = contact
        return account


def _add(total: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, list):
            total[name] = total.get(name, []) + value
        elif name == "joins":
            total[name] = {**total.get(name, {}), **value}
        else:
            total[name] = value
