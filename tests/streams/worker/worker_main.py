"""A worker as a process of its own: `python -m tests.streams.worker.worker_main ADDRESS OPTIONS`, options as JSON.

Ends with 0 when stopped and with 1 if it refuses the log. The file `counted` has its last counters.
"""

import json
import logging
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread, get_ident
from typing import Any

from schemas.topics import ENGAGEMENT
from streams.kafka.address import KafkaAddress, parse_kafka_address
from streams.kafka.topics import topic_ids
from streams.log import LogRefused, LogUnavailable
from streams.worker.faust_app import run_worker
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.scoring import ScoringTask

_WRITE_INTERVAL_S = 0.1


class JsonLogger:
    """Log lines as JSON on standard error."""

    def info(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}, default=str), file=sys.stderr, flush=True)  # noqa: T201

    warning = error = critical = info


def main(address_text: str, options_text: str) -> int:
    logging.basicConfig(level=logging.WARNING)
    stop, address, options_given = Event(), parse_kafka_address(address_text), json.loads(options_text)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log_id = options_given.pop("log_id", None)
    options, counters, log = WorkerOptions(**options_given), WorkerCounters(), JsonLogger()
    Thread(target=write_counters_repeatedly, args=(counters, Path("counted")), daemon=True).start()
    try:
        log_id = log_id or topic_id(address, stop)
        work = ScoringTask(address, log_id, options, counters)
        run_worker(address, work, options=options, counters=counters, stop=stop, log=log)
    except LogRefused as refused:
        log.error("refused", why=str(refused))
        return 1
    write_counters(counters, Path("counted"))
    log.info("ended")
    return 0


def topic_id(address: KafkaAddress, stop: Event) -> str:
    """The id of `engagement`, once the broker answers."""
    while not stop.wait(0.2):
        try:
            return topic_ids(address)[ENGAGEMENT]
        except LogUnavailable:
            continue
    raise SystemExit(0)


def write_counters_repeatedly(counters: WorkerCounters, file: Path) -> None:
    while not Event().wait(_WRITE_INTERVAL_S):
        write_counters(counters, file)


def write_counters(counters: WorkerCounters, file: Path) -> None:
    new = file.with_suffix(f".{get_ident()}")
    new.write_text(json.dumps(asdict(counters)))
    new.rename(file)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
