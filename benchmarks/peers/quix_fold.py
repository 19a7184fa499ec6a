"""The whole fold in Quix Streams: Staffel's scoring package, called for every fact. Never Staffel's own host.

Accounts stay in memory, as they do in Staffel's worker, and are read from the state only where they are not there yet.
Every fact publishes its update (`TOPIC-quix-updates`) and leaves account and contact in the state. It does less than
the worker: after a restart it knows neither the model nor which facts it has seen.
"""

import gc
import sys
import time

from quixstreams import Application, State, message_context

from schemas.scores import decode_account_scored, decode_contact_scored
from scoring.fold import codec
from scoring.fold.state import Account
from scoring.plan.plan import Plan
from streams.log import Record
from streams.scorer.partition_fold import PartitionFold
from streams.scorer.score_records import take_score_records

servers, topic_name, partitions, facts, folder = sys.argv[1:6]


class PartitionFolds:
    """The folds of the partitions; `state` is that of the key which is being folded."""

    def __init__(self) -> None:
        self._folds: dict[int, PartitionFold] = {}
        self._state: State | None = None
        self._contacts: dict[str, int] = {}

    def updates(self, value: bytes, key: str, timestamp: int, headers: object, state: State) -> list[bytes]:
        at = message_context()
        fold = self._folds.get(at.partition)
        if fold is None:
            print(f"first {time.time_ns() // 1_000_000}", flush=True)
            fold = self._folds[at.partition] = PartitionFold(at.partition, self._load)
        self._state = state
        fold.apply(Record(at.offset, key, value))
        records = [
            record for account in fold.changed_accounts.values() for record in take_score_records(account, fold.plan)
        ]
        fold.changed_accounts.clear()
        for record in records:
            state.set_bytes(record.key, record.value)
        self._store_contact_ids(fold, key, state)
        return [record.value for record in records if record.key == key]

    def _store_contact_ids(self, fold: PartitionFold, account: str, state: State) -> None:
        """The names of an account's contacts in the state, which cannot be asked for them."""
        found = fold.accounts.get(account)
        if found is not None and len(found.contacts) != self._contacts.get(account, 0):
            self._contacts[account] = len(found.contacts)
            state.set("contacts", [f"{account}/{id}" for id in found.contacts])

    def _load(self, id: str, plan: Plan) -> Account | None:
        assert self._state is not None
        found = self._state.get_bytes(id)
        if found is None:
            return None
        account = codec.decode_account(bytes(decode_account_scored(found).state), plan)
        if account is None:
            return None
        for key in self._state.get("contacts", []):
            contact = codec.decode_contact(bytes(decode_contact_scored(self._state.get_bytes(key)).state), plan)
            account.contacts[contact.id] = contact
        return account


def main() -> None:
    app = Application(
        broker_address=servers,
        consumer_group=f"{topic_name}-quix",
        auto_offset_reset="earliest",
        commit_interval=1.0,
        processing_guarantee="at-least-once",
        use_changelog_topics=True,
        state_dir=folder,
        loglevel="WARNING",
    )
    topic = app.topic(topic_name, key_deserializer="str", value_deserializer="bytes")
    updates = app.topic(f"{topic_name}-quix-updates", key_serializer="str", value_serializer="bytes")
    frame = app.dataframe(topic).apply(PartitionFolds().updates, stateful=True, expand=True, metadata=True)
    frame.to_topic(updates)
    gc.freeze()
    updates_expected = int(facts) - int(partitions)  # the activations update nothing
    app.run(count=updates_expected, collect=False)


if __name__ == "__main__":
    main()
