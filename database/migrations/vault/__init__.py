"""The history of the vault, a database of its own."""
