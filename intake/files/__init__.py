"""Reading files: text and its encodings, CSV rows, JSON values, merging by time."""

from intake.files.merging import merge_by_time

__all__ = [
    "merge_by_time",
]
