"""Connecting: from settings to an application on one of the two hosts."""

import os
from importlib import resources
from pathlib import Path

from database import host_lock_of, migrate, open_database
from intake.vault import holds_vault
from schemas import Clock
from staffel.application import Application, RandomBytes, system_clock
from staffel.embedded import Embedded
from staffel.settings import Settings
from streams import activate
from streams.sql import SqlLog

_OWNER_ONLY = 0o700


def connect(settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = os.urandom) -> Application:
    """Open database and log.

    A new log in the database begins with the activation of its first model. A log on Kafka was created by
    `staffel topics create`; without that `LogRefused` is raised.
    """
    if settings.kafka is None:
        return connect_embedded(settings, clock, random_bytes)
    from staffel.scaled_out import connect_scaled_out

    return connect_scaled_out(settings, settings.kafka, clock, random_bytes)


def connect_embedded(settings: Settings, clock: Clock, random_bytes: RandomBytes) -> Embedded:
    if settings.database is None:
        settings.home.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    migrate(engine)
    log = SqlLog(engine, settings.partitions)
    activate(log, lambda: model_text(settings), clock)
    home = Embedded(settings, engine, log, host_lock_of(engine), clock, random_bytes)
    if holds_vault(engine):
        home.move_out_vault()
    return home


def model_text(settings: Settings) -> tuple[str, str]:
    """Text and file name of the model of a new log."""
    if settings.model is not None:
        return settings.model.read_text(encoding="utf-8"), str(settings.model)
    default = resources.files("scoring") / "models" / "default.yaml"
    return default.read_text(encoding="utf-8"), "default.yaml"


def examples_folder() -> Path:
    """The folder `examples` beside the packages."""
    return Path(__file__).resolve().parent.parent / "examples"
