"""The scoring model as people write it: its terms, validation and error messages."""
