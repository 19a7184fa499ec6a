"""The log as tables of a database."""
