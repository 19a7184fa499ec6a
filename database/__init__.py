"""How SQLite and PostgreSQL are spoken to: engines, errors, leases, locks and migrations."""
