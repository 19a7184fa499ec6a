"""Ingestion: input files, what becomes of their items, and the counts of it."""

from staffel.ingestion.importer import ingest_and_wait
from staffel.ingestion.inputs import opened_inputs, require_regular_files
from staffel.ingestion.tally import MAX_REJECTED_KEPT, Tally

__all__ = [
    "MAX_REJECTED_KEPT",
    "Tally",
    "ingest_and_wait",
    "opened_inputs",
    "require_regular_files",
]
