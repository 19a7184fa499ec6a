"""Replays a log in a process of its own and prints digests and hashes of the records."""

import hashlib
import sys

from audit.replay import fold_partition
from database.engine import open_database
from streams.scorer.score_records import take_score_records
from streams.sql.log import SqlLog


def main(url: str) -> None:
    fold = fold_partition(SqlLog(open_database(url)), 0, keep_lines=True)
    for account in fold.accounts.values():
        written = b"".join(record.value for record in take_score_records(account, fold.plan))
        print(account.id, hashlib.sha256(written).hexdigest())  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
