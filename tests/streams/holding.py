"""A process that takes the host lock and keeps it until it is killed: `python -m tests.streams.holding URL`."""

import sys

from projections.database import open_database
from streams.sql_host_lock import host_lock_of

if __name__ == "__main__":
    lock = host_lock_of(open_database(sys.argv[1]))
    print("held" if lock.try_acquire() else "refused", flush=True)  # noqa: T201
    sys.stdin.read()
