"""What history says: replay, verify, explain. Never writes to the log."""
