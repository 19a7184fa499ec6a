"""Shared by commands: settings, connection, common options, times."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from audit import latest_time
from intake import account_id
from projections import open_queries
from schemas import parse_time
from staffel.application import Application
from staffel.cli.output import print_csv, print_error, print_json, print_line, readable
from staffel.connect import connect
from staffel.errors import UsageError
from staffel.record_fact import Json
from staffel.settings import Settings, settings_file_names, short_name, unknown_settings


def one_format(context: typer.Context, parameter: typer.CallbackParam, is_asked: bool) -> bool:
    """Whichever of `--json` and `--csv` is read last finds the other one."""
    if is_asked and (context.params.get("as_json") or context.params.get("as_csv")):
        raise UsageError("--json and --csv: choose one of them")
    return is_asked


AsJson = Annotated[bool, typer.Option("--json", callback=one_format, help="Print JSON with full precision.")]
AsCsv = Annotated[
    bool, typer.Option("--csv", callback=one_format, help="Print CSV for spreadsheets, with the columns of --json.")
]
WithNames = Annotated[
    bool, typer.Option("--names", help="Add names, addresses, titles and phone numbers to --json and --csv.")
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="latest|now|TIME",
        help="Point in time. `latest`, the time of the newest fact, is the default while no `staffel up` is running, "
        "else `now`. For a time in the past, only what was recorded by then counts.",
    ),
]
MAX_TIME_MS = 253_402_300_799_999
"""The end of the year 9999."""
_SHOWN_SETTINGS = frozenset(
    {"partitions", "wait", "worker_session", "ready_lag", "alerts_fresh", "alert_freshness", "logs", "zone", "user"}
)
"""Numbers and choices: what is not among them may be an address with a password."""
EXAMPLE_TIME = "2026-01-05T09:12:00Z"


@contextmanager
def connected_application(settings: Settings | None = None) -> Iterator[Application]:
    """Connect with these settings, by default those of the environment; close afterwards."""
    application = connect_application(settings or read_settings())
    try:
        yield application
        if "recorder" in vars(application) and application.model_warning:
            print_error(f"warning: {application.model_warning}")
    finally:
        application.close()


def read_settings(**fixed: Any) -> Settings:
    """The settings of environment and `.env`, but for those that are fixed; warns of variables that are none."""
    names = settings_file_names()
    settings = load_settings(**fixed)
    for unknown in unknown_settings([*names, *os.environ]):
        print_error(f"warning: {unknown} is not a setting and changes nothing")
    return settings


def load_settings(**fixed: Any) -> Settings:
    try:
        return Settings(**fixed)
    except ValidationError as error:
        raise UsageError("\n".join(setting_problem(problem) for problem in error.errors())) from None


def setting_problem(problem: Any) -> str:
    """Name and reason, and the value where it cannot hold a password: addresses are never repeated."""
    field = str(problem["loc"][0]) if problem["loc"] else ""
    why = problem["msg"].removeprefix("Value error, ")
    shows_value = field in _SHOWN_SETTINGS and str(problem.get("input")) not in why
    value = f" (now {problem.get('input')!r})" if shows_value else ""
    return f"{f'STAFFEL_{field}'.upper() if field else 'settings'}: {why}{value}"


def connect_application(settings: Settings) -> Application:
    try:
        return connect(settings)
    except OSError as error:
        raise UsageError(connect_problem(settings, error)) from None
    except UnicodeDecodeError:
        raise UsageError(f"STAFFEL_MODEL: {settings.model}: not UTF-8 text; name a YAML model") from None


def connect_problem(settings: Settings, error: OSError) -> str:
    """Names the setting of the file or folder that cannot be used."""
    cause = f"{error.filename}: {error.strerror}"
    if settings.model is not None and error.filename == str(settings.model):
        return f"STAFFEL_MODEL: {cause}; name a YAML model, or remove the setting to use the default model"
    if settings.database is not None:
        return f"STAFFEL_DATABASE: {cause}; name a file in a writable folder"
    return f"STAFFEL_HOME: {cause}; name a writable folder"


def requested_time(application: Application, at: str | None) -> tuple[int, bool]:
    """The requested time, and whether it is historic: answered from what was recorded by then."""
    if at is None:
        at = "now" if application.lock.holder() else "latest"
    if at == "latest":
        return latest_time(application.log), False
    if at == "now":
        return application.clock(), False
    return parse_time_option("--at", at, "latest, now or "), True


def stored_account_id(application: Application, id: str) -> str:
    """The id as accounts are stored: in lower case, and an international domain in ASCII, unless the account has the
    form that was given."""
    given = account_id(id) or id
    if given.isascii():
        return given
    from intake import ascii_account_id  # reads the lists of domains, which few commands need

    in_ascii = ascii_account_id(given)
    if in_ascii == given:
        return given
    with open_queries(application.engine) as queries:
        return given if queries.account(given) is not None else in_ascii


def stored_handoff_id(application: Application, id: str) -> str:
    """The id of a handoff, which begins with that of its account."""
    account, slash, rest = id.partition("/")
    return id if id.isascii() else stored_account_id(application, account) + slash + rest


def parse_time_option(option: str, text: str, alternatives: str = "") -> int:
    """Parse a time option to milliseconds since 1970."""
    why = "outside the years 1970 to 9999"
    try:
        time = parse_time(text)
        if 0 <= time <= MAX_TIME_MS:
            return time
    except OverflowError:
        pass
    except ValueError as error:
        why = "has no time zone" if "zone" in str(error) else "is not a time"
    raise UsageError(f"{option} {text}: write {alternatives}a time like {EXAMPLE_TIME} ({why})")


def print_rows(rows: Sequence[Any], as_json: bool, as_csv: bool, columns: Iterable[str] = ()) -> bool:
    """Print a list as JSON or as CSV if one of them is asked for; `columns`: of CSV without rows."""
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows, columns)
    return as_json or as_csv


def acting_user(settings: Settings, option: str, given: str | None) -> str:
    """The short name of whoever decides: of the option, else of STAFFEL_USER. Raises `UsageError`."""
    name = settings.user if given is None else given
    if name is None or not name.strip():
        raise UsageError(f"{option}: name who decided by a short name, or set STAFFEL_USER")
    try:
        return short_name(name)
    except ValueError as error:
        raise UsageError(f"{option} {readable(name)}: {error}") from None


def print_recorded(recorded: Json, as_json: bool) -> None:
    """Print the recorded fact as JSON or as text."""
    print_json(recorded) if as_json else print_line(
        f"Recorded {recorded['type'].removesuffix('.v1')} for {readable(recorded['account'])}."
    )
