"""Frequent reads find their rows by an index, however long the log is."""

from pathlib import Path

import pytest

from database.dialects import SqliteDialect
from database.engine import open_database
from schemas.topics import ENGAGEMENT, SCORES
from streams.sql import statements as sql
from tests import databases

FREQUENT_READS = {
    "read": (sql.READ, ENGAGEMENT, (0, 5, 10), "sqlite_autoindex_log_engagement_1 (partition=? AND offset>?)"),
    "history": (sql.HISTORY, ENGAGEMENT, ("acme.com", 0, 0, 10), "log_engagement_key"),
    "latest": (sql.LATEST, SCORES, ('["acme.com"]',), "log_scores_key"),
    "latest in": (sql.LATEST_IN, SCORES, ("~checkpoint", 0), "log_scores_key"),
    "latest below": (sql.LATEST_BELOW, SCORES, ("acme.com", "acme.com/", "acme.com0"), "log_scores_key"),
    "existing ids": (f"{sql.EXISTING_IDS} IN (?, ?)", ENGAGEMENT, (b"a", b"b"), "log_engagement_record_id"),
    "checked": (
        sql.READ_WITH_CHECKSUMS,
        ENGAGEMENT,
        (0, 5, 10),
        "sqlite_autoindex_log_engagement_1 (partition=? AND offset>?)",
    ),
    "compact": (sql.COMPACT, SCORES, (0, 0, 10), "log_scores_key"),
}


@pytest.mark.parametrize("name", FREQUENT_READS)
def test_no_read_scans_a_table(name: str, tmp_path: Path) -> None:
    template, topic, parameters, index = FREQUENT_READS[name]
    statement = sql.statement_of(template, topic, SqliteDialect())
    with open_database(databases.migrated_database("sqlite", tmp_path)).connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row[-1] for row in plan]
    assert any(f"INDEX {index}" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and ("log_" in step or step == "SCAN r")] == []
