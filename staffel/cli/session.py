"""What every command shares: connecting, and the instant it asks about. Never prints a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from staffel.cli.output import print_json, say
from staffel.errors import Usage
from staffel.record_fact import Json

if TYPE_CHECKING:
    from staffel.application import Staffel
    from staffel.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, numbers in full.")]
At = Annotated[
    str | None,
    typer.Option(
        metavar="latest|now|TIME",
        help="As of when; `latest` is the time of the newest fact in the log, and holds in a home where no "
        "`staffel up` is running. A time in the past is answered with what had been recorded by then.",
    ),
]
LAST = 253_402_300_799_999
"""The end of the year 9999."""
EXAMPLE_TIME = "2026-01-05T09:12:00Z"


@contextmanager
def connected() -> Iterator["Staffel"]:
    """Settings from the environment, connected, and closed afterwards."""
    staffel = opened(read_settings())
    try:
        yield staffel
    finally:
        staffel.close()


def read_settings() -> "Settings":
    from pydantic import ValidationError

    from staffel.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        raise Usage("\n".join(setting_problem(problem) for problem in error.errors())) from None
    except UnicodeDecodeError:
        raise Usage(".env: not UTF-8 text; write lines like STAFFEL_HOME=.staffel") from None


def setting_problem(problem: Any) -> str:
    name = f"STAFFEL_{problem['loc'][0]}".upper() if problem["loc"] else "settings"
    why = problem["msg"].removeprefix("Value error, ")
    given = "" if str(problem.get("input")) in why else f", given {problem.get('input')!r}"
    return f"{name}: {why}{given}"


def opened(settings: "Settings") -> "Staffel":
    from staffel.connect import connect

    try:
        return connect(settings)
    except OSError as error:
        raise Usage(unopened(settings, error)) from None
    except UnicodeDecodeError:
        raise Usage(f"STAFFEL_MODEL: {settings.model}: not UTF-8 text; name a model in YAML") from None


def unopened(settings: "Settings", error: OSError) -> str:
    """Which setting names the file or folder that cannot be used."""
    where = f"{error.filename}: {error.strerror}"
    if settings.model is not None and error.filename == str(settings.model):
        return f"STAFFEL_MODEL: {where}; name a model in YAML, or leave the setting out for the default model"
    if settings.database is not None:
        return f"STAFFEL_DATABASE: {where}; name a file in a folder that may be written to"
    return f"STAFFEL_HOME: {where}; name a folder that may be written to"


def instant(staffel: "Staffel", at: str | None) -> tuple[int, bool]:
    """The instant asked for, and whether it is a time in history, to be answered with what had been recorded then."""
    from audit.accounts_as_of import latest_time

    if at is None:
        at = "now" if staffel.lock.holder() else "latest"
    if at == "latest":
        return latest_time(staffel.log), False
    if at == "now":
        return staffel.clock(), False
    return read_time("--at", at, "latest, now or "), True


def read_time(option: str, text: str, others: str = "") -> int:
    """Milliseconds since 1970 of an option's instant."""
    from schemas.times import parse_time

    why = "it lies outside the years 1970 to 9999"
    try:
        time = parse_time(text)
        if 0 <= time <= LAST:
            return time
    except OverflowError:
        pass
    except ValueError as error:
        why = "it names no zone" if "zone" in str(error) else "it is no instant"
    raise Usage(f"{option} {text}: write {others}a time like {EXAMPLE_TIME} ({why})")


def tell(told: Json, as_json: bool) -> None:
    """What was recorded, to a program or to a person."""
    print_json(told) if as_json else say(f"Recorded {told['type'].removesuffix('.v1')} for {told['account']}.")
