"""The tables and statements of the SQL log.

Statements are written with `?`, `{table}` and `{keys}`; `statement_of` fills them in for one database.
"""

from functools import cache
from typing import Final

from database import Dialect
from schemas import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS
from streams.log import LogError

_TABLES: Final = {  # STORED NAMES
    ENGAGEMENT: "log_engagement",
    SCORES: "log_scores",
    SQA_HANDOFFS: "log_sqa_handoffs",
    SUPPRESSIONS: "log_suppressions",
    DEAD_LETTERS: "log_dead_letters",
}

COLUMN_TYPES: Final = {
    "partition": "int", "offset": "bigint", "key": "text", "record_id": "bytea", "value": "bytea", "headers": "bytea",
    "checksum": "bigint",
}  # fmt: skip
READ = (
    'SELECT "offset", key, value, headers FROM {table} WHERE partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?'
)
# The + keeps the databases from scanning the whole partition instead of using the index of the key.
HISTORY = """
SELECT "offset", key, value, headers FROM {table}
WHERE key = ? AND +partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?"""
LATEST = """
SELECT r."offset", r.key, r.value, r.headers FROM {keys}
JOIN {table} AS r ON r.key = wanted.value
AND r."offset" = (SELECT max(last."offset") FROM {table} AS last WHERE last.key = wanted.value)
ORDER BY r.partition"""
LATEST_IN = """
SELECT "offset", key, value, headers FROM {table} WHERE key = ? AND +partition = ? ORDER BY "offset" DESC LIMIT 1"""
LATEST_BELOW = """
SELECT r."offset", r.key, r.value, r.headers FROM {table} AS r
JOIN (SELECT key, max("offset") AS last FROM {table} WHERE key = ? OR (key >= ? AND key < ?) GROUP BY key) AS found
ON r.key = found.key AND r."offset" = found.last
ORDER BY r.key"""
EXISTING_IDS = 'SELECT record_id, partition, "offset" FROM {table} WHERE record_id'
PLACES = 'SELECT record_id, key, partition, "offset" FROM {table} WHERE record_id'
READ_WITH_CHECKSUMS = """
SELECT "offset", key, value, headers, checksum FROM {table}
WHERE partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?"""
COMPACT = """
DELETE FROM {table} WHERE partition = ? AND "offset" >= ? AND "offset" < ?
AND EXISTS (SELECT 1 FROM {table} AS later WHERE later.key = {table}.key
            AND later.partition = {table}.partition AND later."offset" > {table}."offset")"""
FIRST_OFFSET = 'SELECT min("offset") FROM {table} WHERE partition = ?'

ENDS = "SELECT partition, next_offset FROM log_ends WHERE topic = ? ORDER BY partition"
COUNT_ENDS = "SELECT count(*) FROM log_ends"
MOVE_END = "UPDATE log_ends SET next_offset = ? WHERE topic = ? AND partition = ?"
POSITION = "SELECT next_offset FROM log_positions WHERE partition = ?"
MOVE_POSITION = "UPDATE log_positions SET next_offset = ? WHERE partition = ? AND next_offset = ?"

META = "SELECT partitions, generation FROM log_meta WHERE id = 1"
NEW_META = "INSERT INTO log_meta (id, partitions, generation) VALUES (1, ?, ?) ON CONFLICT DO NOTHING"
NEW_END = "INSERT INTO log_ends (topic, partition, next_offset) VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
NEW_POSITION = "INSERT INTO log_positions (partition, next_offset) VALUES (?, 0) ON CONFLICT DO NOTHING"


def table_of(topic: str) -> str:
    """The table of a topic. Raises `LogError` for an unknown topic."""
    if topic not in _TABLES:
        raise LogError(f"unknown topic {topic!r}; the topics are {', '.join(_TABLES)}")
    return _TABLES[topic]


@cache
def statement_of(template: str, topic: str, dialect: Dialect) -> str:
    """The statement for the table of a topic, as the driver expects it."""
    return dialect.sql(template.format(table=table_of(topic), keys=dialect.key_source))
