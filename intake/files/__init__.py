"""Reading files: text and its encodings, CSV rows, JSON values, merging by time."""

from intake.files.merging import merge_by_time
from intake.files.text import Line, numbered_lines

__all__ = [
    "Line",
    "merge_by_time",
    "numbered_lines",
]
