"""The simple work in stock Faust: a Table, at least once. Never anything of Staffel."""

import sys
import time
from typing import Any

import faust
import faust.types

servers, topic_name, partitions, _, folder = sys.argv[1:6]
app = faust.App(
    f"{topic_name}-faust",
    broker=f"kafka://{servers}",
    store="memory://",
    processing_guarantee="at_least_once",
    topic_partitions=int(partitions),
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    datadir=folder,
    key_serializer="raw",
    value_serializer="json",
    web_enabled=False,
)
facts = app.topic(topic_name, key_type=str)
totals = app.Table("totals", key_type=str, partitions=int(partitions))


@app.agent(facts)
async def add(stream: faust.types.StreamT[Any]) -> None:
    first = True
    async for account, fact in stream.items():
        if first:
            print(f"first {time.time_ns() // 1_000_000}", file=sys.__stdout__, flush=True)
            first = False
        total = totals.get(account) or {"count": 0, "sum": 0}
        seconds = fact["data"].get("duration_s", 0)
        totals[account] = {"count": total["count"] + 1, "sum": total["sum"] + seconds}


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--without-web", "--loglevel=warn"]
    app.main()
