"""What every command shares: connecting, and the instant it asks about. Never prints a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from staffel.wiring import Staffel, connect

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, with whole numbers.")]
At = Annotated[
    str | None,
    typer.Option(metavar="latest|now|TIME", help="As of when; `latest` is the time of the newest fact in the log."),
]


class Usage(Exception):
    """The command was called in a way that means nothing; the message says what would."""


class Found(Exception):
    """The command did its work and found a problem; the message says which."""


@contextmanager
def connected() -> Iterator[Staffel]:
    """Settings from the environment, connected, and closed afterwards."""
    from pydantic import ValidationError

    from staffel.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        raise Usage("\n".join(setting_problem(problem) for problem in error.errors())) from None
    staffel = connect(settings)
    try:
        yield staffel
    finally:
        staffel.close()


def setting_problem(problem: Any) -> str:
    name = f"STAFFEL_{problem['loc'][0]}".upper() if problem["loc"] else "settings"
    return f"{name}: {problem['msg']}, given {problem.get('input')!r}"


def instant(staffel: Staffel, at: str | None) -> tuple[int, bool]:
    """The instant asked for, and whether it is a time in history, to be answered with what had been recorded then."""
    from audit.standing import latest_time
    from schemas.times import parse_time

    if at is None:
        at = "now" if staffel.lock.holder() else "latest"
    if at == "latest":
        return latest_time(staffel.log), False
    if at == "now":
        return staffel.clock(), False
    try:
        return parse_time(at), True
    except ValueError as error:
        raise Usage(f"--at {at}: write latest, now or a time like 2026-01-05T09:12:00Z ({error})") from None
