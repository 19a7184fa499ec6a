"""How SQLite and PostgreSQL are spoken to: engines, errors, leases, locks and migrations."""

from database.addresses import parse_address, shown_address
from database.columns import Json, Serial, metadata, timestamp_ms
from database.dialects import Dialect, chunks, dialect_of
from database.engine import Database, create_schema, open_database, overwrite_deleted, read_only, schema_of, sibling_url
from database.errors import DatabaseError, DatabaseUnavailable, data_error_code
from database.host_lock import HostLock, host_lock_of
from database.leases import (
    EMBEDDED_HOLDER,
    LEASE_DURATION_MS,
    Lease,
    LeaseLost,
    acquire_lease_within,
    database_now,
    holder_of,
    leases,
    new_holder_id,
)
from database.migrate import VAULT_HISTORY, exclusive_transaction, migrate, newest_revision, revision_of
from database.notifications import APPENDED, MOVES, OUTBOX, PROJECTED, Notifications, notify
from database.statements import (
    insert_missing,
    insert_missing_tuples,
    insert_rows,
    insert_tuples,
    rows_by_key,
    tuples_by_key,
    update_tuples,
    upsert,
    upsert_newer,
)

__all__ = [
    "APPENDED",
    "EMBEDDED_HOLDER",
    "LEASE_DURATION_MS",
    "MOVES",
    "OUTBOX",
    "PROJECTED",
    "VAULT_HISTORY",
    "Database",
    "DatabaseError",
    "DatabaseUnavailable",
    "Dialect",
    "HostLock",
    "Json",
    "Lease",
    "LeaseLost",
    "Notifications",
    "Serial",
    "acquire_lease_within",
    "chunks",
    "create_schema",
    "data_error_code",
    "database_now",
    "dialect_of",
    "exclusive_transaction",
    "holder_of",
    "host_lock_of",
    "insert_missing",
    "insert_missing_tuples",
    "insert_rows",
    "insert_tuples",
    "leases",
    "metadata",
    "migrate",
    "new_holder_id",
    "newest_revision",
    "notify",
    "open_database",
    "overwrite_deleted",
    "parse_address",
    "read_only",
    "revision_of",
    "rows_by_key",
    "schema_of",
    "shown_address",
    "sibling_url",
    "timestamp_ms",
    "tuples_by_key",
    "update_tuples",
    "upsert",
    "upsert_newer",
]
