"""Ingestion: input files, what becomes of their items, and the counts of it."""

from staffel.ingestion.dry_run import MAX_ACCOUNTS_LISTED, rehearse, settings_of_dry_run
from staffel.ingestion.importer import ingest_and_wait
from staffel.ingestion.inputs import opened_inputs, require_regular_files
from staffel.ingestion.kinds import guessed_files
from staffel.ingestion.readers import InputFile, Kind, ReadOptions, networks_of, read_all
from staffel.ingestion.reattribution import Reattribution, reattribute
from staffel.ingestion.tally import MAX_REJECTED_KEPT, Tally
from staffel.ingestion.visitors import text_of_unidentified, unidentified_text

__all__ = [
    "MAX_ACCOUNTS_LISTED",
    "MAX_REJECTED_KEPT",
    "InputFile",
    "Kind",
    "ReadOptions",
    "Reattribution",
    "Tally",
    "guessed_files",
    "ingest_and_wait",
    "networks_of",
    "opened_inputs",
    "read_all",
    "reattribute",
    "rehearse",
    "require_regular_files",
    "settings_of_dry_run",
    "text_of_unidentified",
    "unidentified_text",
]
