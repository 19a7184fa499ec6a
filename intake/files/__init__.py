"""Reading files: text and its encodings, CSV rows, JSON values, merging by time."""
