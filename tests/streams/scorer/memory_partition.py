"""A partition whose scorer begins anew whenever it is asked to: units go into a dict of last records. Never a log."""

from typing import Any

import msgspec

from schemas.scores import CHECKPOINT_KEY, Changes, decode_account_scored, decode_contact_scored
from scoring.fold import codec
from scoring.fold.state import Account
from scoring.plan.plan import Plan
from streams.log import NewRecord, Record, Unit
from streams.scorer.embedded import build_unit
from streams.scorer.partition_fold import PartitionFold

ANY_CHANGE = msgspec.structs.fields(Changes)


class Partition:
    """`stored`: the last record of each key; `units`: all that was written."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stored: dict[str, NewRecord] = {}
        self.units: list[Unit] = []
        self.fold = PartitionFold(0, self._load, plan=plan)

    def recover(self) -> "Partition":
        """Forget everything but what was written, and the ids that were seen."""
        window = self.fold.window
        self.fold = PartitionFold(0, self._load, plan=self.plan)
        self.fold.window = window
        return self

    def score(self, records: list[Record]) -> "Partition":
        unit = build_unit(self.fold, records, records[0].offset)
        self.units.append(unit)
        self.stored.update({record.key: record for record in unit.scores})
        return self

    def digests(self) -> dict[str, str]:
        accounts = [record for key, record in self.stored.items() if "/" not in key and key != CHECKPOINT_KEY]
        return {
            scored.account: scored.digest for scored in (decode_account_scored(record.value) for record in accounts)
        }

    def told(self) -> dict[str, dict[str, Any]]:
        """Account -> everything that happened to it, as if one unit had told it; the profile as it was told last."""
        whole: dict[str, dict[str, Any]] = {}
        for record in (record for unit in self.units for record in unit.scores):
            if "/" not in record.key and record.key != CHECKPOINT_KEY:
                changes = msgspec.to_builtins(decode_account_scored(record.value).changes)
                _add(whole.setdefault(record.key, {}), changes)
        return whole

    def _load(self, id: str, plan: Plan) -> Account | None:
        own = self.stored.get(id)
        account = own and codec.decode_account(bytes(decode_account_scored(own.value).state), plan)
        if not account:
            return None
        for record in [record for key, record in self.stored.items() if key.startswith(f"{id}/")]:
            contact = codec.decode_contact(bytes(decode_contact_scored(record.value).state), plan)
            account.contacts[contact.id] = contact
        return account


def _add(whole: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, list):
            whole[name] = whole.get(name, []) + value
        elif name == "joins":
            whole[name] = {**whole.get(name, {}), **value}
        else:
            whole[name] = value
