"""`staffel init`: a home to record into, with the files that it is made of."""

from pathlib import Path
from typing import Annotated

import typer

from staffel.cli.groups import examples
from staffel.cli.output import print_error, print_json, print_line
from staffel.cli.session import AsJson, connect_application, connect_problem, load_settings, read_settings
from staffel.connect import TEMPLATES, NoHomeError, create_home, home_place
from staffel.errors import UsageError
from staffel.home_files import chosen_model, model_version, write_files
from staffel.settings import SETTINGS_FILE, Settings

commands = typer.Typer()


@commands.command("init", epilog=examples("staffel init --template saas", "staffel init --model medtech.yaml"))
def init(
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scoring model that the log begins with; it stays.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(TEMPLATES), help="Model to write to `model.yaml`, if there is none; default by default."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a home: the database with an empty log, the model that it begins with, and `.env`.

    Files that exist are left as they are; run again, it adds what is missing.
    """
    settings = read_settings()
    if settings.kafka is not None:
        raise UsageError("STAFFEL_LOG is on Apache Kafka: `staffel topics create` creates topics and tables there")
    file, text = chosen_model(model, template, settings.model)
    version, stored = model_version(text, str(file)), stored_version(settings)
    if stored not in (None, version):
        if model or template:
            raise UsageError(other_model(settings, str(stored), file, version))
        print_home(settings, file, str(stored), [], as_json, is_new=False)
        return
    written = write_files(settings, file, text)
    if stored is None:
        begin(settings.model_copy(update={"model": file}))
    print_home(settings, file, version, written, as_json, is_new=stored is None)
    warn_of_other_setting(file)


def other_model(settings: Settings, stored: str, file: Path, version: str) -> str:
    return (
        f"{home_place(settings)} began with the model {stored}, and a log keeps its model; {file} is {version}. "
        "Name another home in STAFFEL_HOME to begin with it, and import your files there"
    )


def stored_version(settings: Settings) -> str | None:
    """The model in force in the home; None if there is no home."""
    try:
        application = connect_application(settings)
    except NoHomeError:
        return None
    try:
        return application.plan.version
    finally:
        application.close()


def begin(settings: Settings) -> None:
    try:
        create_home(settings).close()
    except OSError as error:
        raise UsageError(connect_problem(settings, error)) from None


def print_home(
    settings: Settings, file: Path, version: str, written: list[str], as_json: bool, *, is_new: bool
) -> None:
    place = home_place(settings)
    if as_json:
        print_json({"home": place, "model": version, "created": is_new, "files": written})
        return
    for name in written:
        print_line(f"{name} written")
    if is_new:
        print_line(f"{place} created, with the model {version} of {file}")
        print_line(NEXT_STEPS)
    else:
        print_line(f"{place} exists, with the model {version}")


NEXT_STEPS = """
Next:
  staffel ingest accounts FILE.csv   your companies, exported from the CRM
  staffel ingest FILE…               access logs, mailboxes, calendars, Segment calls
  staffel accounts                   who is engaged, highest first
  staffel doctor                     whether all is well"""


def warn_of_other_setting(file: Path) -> None:
    """Where `.env` existed, commands may find another model there than the home began with."""
    setting = load_settings().model
    if setting is None or setting.absolute() != file.absolute():
        print_error(f"warning: {SETTINGS_FILE} is left as it is; write STAFFEL_MODEL={file} there")
