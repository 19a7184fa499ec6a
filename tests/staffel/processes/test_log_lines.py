"""Log lines: one line per event, whatever it says."""

import json
from collections.abc import Iterator

import pytest
import structlog

from staffel.processes import log_lines

HOSTILE = "Acme\n2026-01-05 [info] forged\x1b[2J\x9b\u202e"
ACTING = {"\x1b", "\x9b", "\u202e"}


Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def default_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_a_value_and_an_event_make_no_line_of_their_own_and_control_no_terminal(capsys: Captured) -> None:
    log_lines.configure_logs("console")
    log_lines.event_logger().info(HOSTILE, account=HOSTILE)
    line = capsys.readouterr().err
    assert (line.count("\n"), ACTING & set(line)) == (1, set())
    assert line.count("Acme⏎2026-01-05 [info] forged") == 2


def test_json_lines_hold_the_value_itself_in_ascii(capsys: Captured) -> None:
    log_lines.configure_logs("json")
    log_lines.event_logger().info("seen", account=HOSTILE)
    line = capsys.readouterr().err
    assert (line.isascii(), json.loads(line)["account"]) == (True, HOSTILE)


@pytest.mark.parametrize("shape", ["console", "json"])
def test_a_traceback_keeps_its_lines_and_controls_no_terminal(capsys: Captured, shape: str) -> None:
    log_lines.configure_logs(shape)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log_lines.event_logger().exception("failed")
    lines = capsys.readouterr().err
    assert (ACTING & set(lines), "ValueError" in lines) == (set(), True)
