"""Connecting: from settings to an application on one of the two hosts."""

import os
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path

from database import Database, has_file, host_lock_of, migrate, open_database, parse_address, revision_of, shown_address
from intake.vault import holds_vault
from schemas import Clock
from staffel.application import Application, RandomBytes, system_clock
from staffel.embedded import Embedded
from staffel.errors import UsageError
from staffel.settings import Settings
from streams import activate, check_fold_version
from streams.sql import SqlLog

TEMPLATES = ("default", "saas", "industry", "services")
"""Models to begin with; without another choice the first."""
_OWNER_ONLY = 0o700


class NoHomeError(UsageError):
    """There is no log where the settings look for it; commands never create one but `init`, `demo` and dry runs."""


def connect(settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom) -> Application:
    """Open database and log, which exist.

    Raises `NoHomeError` if they do not: `create_home` creates them in the database, `staffel topics create` on Kafka.
    """
    if settings.kafka is None:
        return connect_embedded(settings, clock, random_bytes)
    from staffel.scaled_out import connect_scaled_out

    return connect_scaled_out(settings, settings.kafka, clock, random_bytes)


def connect_embedded(settings: Settings, clock: Clock, random_bytes: RandomBytes) -> Embedded:
    """Raises `NoHomeError` unless a log has begun there."""
    if not has_file(settings.database_url):
        raise no_home_error(settings)
    engine = open_database(settings.database_url)
    try:
        if revision_of(engine) is None:
            raise no_home_error(settings)
        check_fold_version(SqlLog(engine, settings.partitions))  # before the tables are upgraded
        return open_log(settings, engine, partial(require_home, settings), clock, random_bytes)
    except BaseException:
        engine.dispose()
        raise


def create_home(settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom) -> Embedded:
    """Open database and log; what does not exist is created, and a new log begins with the model of the settings."""
    if settings.database is None:
        settings.home.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    try:
        return open_log(settings, engine, partial(model_text, settings), clock, random_bytes)
    except BaseException:
        engine.dispose()
        raise


def open_log(
    settings: Settings,
    engine: Database,
    first_model: Callable[[], tuple[str, str]],
    clock: Clock,
    random_bytes: RandomBytes,
) -> Embedded:
    """`first_model` is asked for the model of a log that has not begun."""
    migrate(engine)
    log = SqlLog(engine, settings.partitions)
    activate(log, first_model, clock)
    home = Embedded(settings, engine, log, host_lock_of(engine), clock, random_bytes)
    if holds_vault(engine):
        home.move_out_vault()
    return home


def require_home(settings: Settings) -> tuple[str, str]:
    raise no_home_error(settings)


def no_home_error(settings: Settings) -> NoHomeError:
    return NoHomeError(f"no home at {home_place(settings)}; begin with `staffel init [--model FILE]`")


def home_place(settings: Settings) -> str:
    """The folder, or the database that the settings name instead, without anything secret."""
    return str(settings.home) if settings.database is None else shown_address(parse_address(settings.database_url))


def model_text(settings: Settings) -> tuple[str, str]:
    """Text and file name of the model of a new log."""
    if settings.model is not None:
        return settings.model.read_text(encoding="utf-8"), str(settings.model)
    return template_text(TEMPLATES[0]), f"{TEMPLATES[0]}.yaml"


def template_text(name: str) -> str:
    """One of the models to begin with."""
    return (resources.files("scoring") / "models" / f"{name}.yaml").read_text(encoding="utf-8")


def examples_folder() -> Path:
    """The folder `examples` beside the packages."""
    return Path(__file__).resolve().parent.parent / "examples"
