"""Runs commands in this process, captures their output, and writes input files."""

import io
import json
import shutil
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staffel.cli.main import run
from tests import databases

Json = Any
ACCESS_LOG_LINE = (
    '{client} - - [{time}] "GET {target} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"'
)


@dataclass(frozen=True)
class CommandResult:
    """Result of a command: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def parsed(self) -> Json:
        return json.loads(self.out)

    @property
    def failure(self) -> tuple[int, str]:
        """Exit code and message of a command that has nothing to answer."""
        assert self.out == ""
        return self.code, self.err.rstrip("\n")


def run_cli(*arguments: object) -> CommandResult:
    """Run `staffel ARGUMENTS…` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return CommandResult(code, out.getvalue(), err.getvalue())


def run_ok(*arguments: object) -> CommandResult:
    """Run a command that must succeed."""
    result = run_cli(*arguments)
    assert result.code == 0, result.err
    return result


def run_json(*arguments: object) -> Json:
    """Its JSON result; standard output must hold nothing else, and standard error nothing."""
    return json_of(run_ok(*arguments, "--json"))


def json_of(result: CommandResult) -> Json:
    assert result.err == ""
    return result.parsed


def begin_again(model: Path) -> None:
    """Begin the home of this test again, with another model."""
    shutil.rmtree(".staffel")
    databases.home_with_log(Path(".staffel"), model)


def cloud_event(
    id: str, type: str = "web.page_viewed", time: str = "2026-01-05T09:12:00Z", **fields: Any
) -> dict[str, Any]:
    """A CloudEvent of acme.com."""
    defaults = {"specversion": "1.0", "id": id, "source": "bus", "type": type, "subject": "acme.com", "time": time}
    return {name: value for name, value in (defaults | fields).items() if value is not None}


def page_view(id: str, url: str = "https://www.example.com/pricing", **fields: Any) -> dict[str, Any]:
    return cloud_event(id, data={"url": url}, **fields)


def write_lines(path: Path, *lines: Mapping[str, Any] | str | bytes) -> Path:
    """A file of these lines, objects as JSON."""
    path.write_bytes(b"".join(encode_line(line) + b"\n" for line in lines))
    return path


def encode_line(line: Mapping[str, Any] | str | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line)).encode()


def access_log_line(
    time: str = "05/Jan/2026:09:12:00 +0000", target: str = "/pricing", client: str = "host.acme.com"
) -> str:
    """A line of an access log."""
    return ACCESS_LOG_LINE.format(client=client, time=time, target=target)
