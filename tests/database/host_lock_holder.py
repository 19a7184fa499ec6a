"""A process that takes the host lock and keeps it until killed: `python -m tests.database.host_lock_holder URL`."""

import sys

from database.engine import open_database
from database.host_lock import host_lock_of

if __name__ == "__main__":
    lock = host_lock_of(open_database(sys.argv[1]))
    print("held" if lock.try_acquire() else "refused", flush=True)  # noqa: T201
    sys.stdin.read()
