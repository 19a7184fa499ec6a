"""The simple work in Quix Streams: state in RocksDB with its changelog topic. Never anything of Staffel."""

import sys
import time
from typing import Any

from quixstreams import Application, State

servers, topic_name, _, facts, folder = sys.argv[1:6]
first = True


def add(fact: dict[str, Any], state: State) -> None:
    global first
    if first:
        print(f"first {time.time_ns() // 1_000_000}", flush=True)
        first = False
    total = state.get("total", {"count": 0, "sum": 0})
    seconds = fact["data"].get("duration_s", 0)
    state.set("total", {"count": total["count"] + 1, "sum": total["sum"] + seconds})


def main() -> None:
    app = Application(
        broker_address=servers,
        consumer_group=f"{topic_name}-quix",
        auto_offset_reset="earliest",
        commit_interval=1.0,
        processing_guarantee="at-least-once",
        use_changelog_topics=True,
        state_dir=folder,
        loglevel="WARNING",
    )
    topic = app.topic(topic_name, key_deserializer="str", value_deserializer="json")
    app.dataframe(topic).update(add, stateful=True)
    app.run(count=int(facts), collect=False)


if __name__ == "__main__":
    main()
