"""The read models: their tables, and how an update changes their rows."""
