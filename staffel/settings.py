"""Settings: read once from STAFFEL_* variables and `.env`, then passed on as a frozen object."""

import os
import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from dotenv.parser import Binding, parse_stream
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from database import DatabaseError, parse_address, sibling_url
from schemas import suggestion
from staffel.errors import UsageError
from streams.kafka import KafkaAddress, parse_kafka_address

VAULT_FILE = "vault.db"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+]+:")
_SIGNS_OF_SERVER = frozenset("@=")
"""`USER:PASSWORD@HOST/NAME` and `host=… password=…` are no names of files, although a file could be called so."""
_SHORT_NAME = re.compile(r"(?=.{1,64}$)\w[\w.\-]*(?: [\w.\-]+)*")
SETTINGS_FILE = Path(".env")
"""In the working folder; the environment comes before it."""
PREFIX = "STAFFEL_"
_FOR_TESTS = re.compile("STAFFEL_(TEST_.*|REQUIRE|REAL_DATA|CRASH_SEED|CHAOS_KILLS|KAFKA_JARS)")
"""Variables of the project's own tests."""


class Settings(BaseSettings):
    """All settings of Staffel; the defaults suit a laptop."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=SETTINGS_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    home: Path = Field(default=Path(".staffel"), description="folder of the embedded database")
    database: SecretStr | None = Field(
        default=None, description="sqlite:///PATH or postgresql+psycopg://…; default: in `home`"
    )
    vault: SecretStr | None = Field(
        default=None,
        description="where names and addresses are: a file, sqlite:///PATH or postgresql+psycopg://…; default: "
        "`vault.db` beside the database, on PostgreSQL a schema of its own in the database",
    )
    log: SecretStr = Field(default=SecretStr("sql"), description="`sql` (in the database) or kafka://HOST:PORT")
    partitions: int = Field(
        default=1, ge=1, le=256, description="partitions of every topic; fixed when the log is created"
    )
    model: Path | None = Field(default=None, description="model file of a new log; default: the built-in model")
    networks: Path | None = Field(default=None, description="company IP networks: `.mmdb` file or `CIDR domain` lines")
    sources: Path | None = Field(
        default=None, description="file of the settings of sources: what of their data is kept; default: the least"
    )
    wait: float = Field(default=30.0, gt=0, description="seconds a command waits until its facts are visible")
    worker_session: float = Field(
        default=10.0, ge=1, description="seconds until a silent worker loses its partitions; brokers accept 6 or more"
    )
    listen: str = Field(default="127.0.0.1", description="address of health pages and metrics; 0.0.0.0: all")
    ready_lag: int = Field(default=10_000, ge=0, description="lag in records above which a process is not ready")
    alerts: Path | None = Field(default=None, description="file that defines the channels of alerts")
    public_url: str | None = Field(
        default=None, description="where the pages of Staffel are for their users, https://…; alerts link to it"
    )
    alerts_fresh: float = Field(
        default=24.0, gt=0, description="hours after its recording in which an event makes an alert, and is retried"
    )
    alert_freshness: float = Field(
        default=96.0, gt=0, description="hours after which what happened is history, and makes no alert"
    )
    user: str | None = Field(
        default=None, description="your short name, for `handoffs --mine` and as `--by` of what you decide"
    )
    zone: str | None = Field(
        default=None, description="time zone of times on the screen, such as Europe/Berlin; default: that of the model"
    )
    logs: Literal["console", "json"] = Field(default="console", description="format of log lines")

    @field_validator("log")
    @classmethod
    def _valid_log(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() != "sql":
            parse_kafka_address(value.get_secret_value())
        return value

    @field_validator("user")
    @classmethod
    def _valid_user(cls, value: str | None) -> str | None:
        return value and short_name(value)

    @field_validator("zone")
    @classmethod
    def _valid_zone(cls, value: str | None) -> str | None:
        try:
            return value and ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            advice = suggestion(value or "", available_timezones()) or "; write one like Europe/Berlin"
            raise ValueError(f"not a time zone{advice}") from None

    @field_validator("public_url")
    @classmethod
    def _valid_public_url(cls, value: str | None) -> str | None:
        if value and not _is_page_address(value):
            raise ValueError("write a URL such as https://staffel.example.com, without user and password")
        return value

    @field_validator("database", "vault")
    @classmethod
    def _valid_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        text = value.get_secret_value() if value is not None else ""
        is_file = info.field_name == "vault" and not _SCHEME.match(text)
        if is_file and _SIGNS_OF_SERVER.intersection(text):
            raise ValueError("a file with @ or = in its path is written as sqlite:///PATH, a server as postgresql+…")
        if value is not None and not is_file:
            try:
                parse_address(text)
            except DatabaseError as error:
                raise ValueError(str(error)) from None
        return value

    @property
    def kafka(self) -> KafkaAddress | None:
        """The address of the log on Kafka; None if the log is in the database."""
        log = self.log.get_secret_value()
        return None if log == "sql" else parse_kafka_address(log)

    @property
    def database_url(self) -> str:
        return self.database.get_secret_value() if self.database else f"sqlite:///{self.home / 'staffel.db'}"

    @property
    def vault_url(self) -> str:
        if self.vault is None:
            return sibling_url(self.database_url, VAULT_FILE)
        vault = self.vault.get_secret_value()
        return vault if "://" in vault else f"sqlite:///{vault}"


def short_name(text: str) -> str:
    """A person's short name: no address, for such names stand in the log in clear. ValueError if it is none."""
    name = text.strip()
    if "@" in name:
        raise ValueError("an address; write a short name like anna or ben.ostertag")
    if not _SHORT_NAME.fullmatch(name):
        raise ValueError("not a short name; write letters, digits, `.`, `-` and `_`, at most 64")
    return name


def _is_page_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # whose message repeats a part of the address
        return False
    is_bare = not parts.query and not parts.fragment and parts.username is None
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_bare


def settings_file_names() -> list[str]:
    """The variables that `.env` sets. Raises `UsageError`, without its content, if any of its lines cannot be read."""
    if not os.path.lexists(SETTINGS_FILE):
        return []
    bindings = list(parse_stream(StringIO(read_text(SETTINGS_FILE))))
    unreadable = [str(line_of(each)) for each in bindings if each.error or is_setting_without_value(each)]
    if unreadable:
        raise UsageError(
            f"{SETTINGS_FILE}, line {', '.join(unreadable)}: cannot be read; write lines such as "
            "STAFFEL_HOME=.staffel, and a value with blanks or quotes in single quotes"
        )
    return [each.key for each in bindings if each.key is not None and each.value is not None]


def line_of(binding: Binding) -> int:
    """Its line; the text of a binding begins with the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def is_setting_without_value(binding: Binding) -> bool:
    return binding.key is not None and binding.key.upper().startswith(PREFIX) and binding.value is None


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Of these variables those that begin like a setting and are none, each with the nearest one."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    files = {f"{name}_FILE" for name in known}  # which the image reads: deploy/entrypoint.sh
    own = {name for name in names if name.upper().startswith(PREFIX) and not _FOR_TESTS.match(name)}
    return [f"{name}{suggestion(name.upper(), known)}" for name in sorted(own) if name.upper() not in known | files]


def named_file_text(setting: str, path: Path) -> str:
    """The text of a file that a setting names. Raises `UsageError` with the setting's name if it cannot be read."""
    try:
        return read_text(path)
    except UsageError as error:
        raise UsageError(f"{setting}: {error}; name a file that can be read, or remove the setting") from None


def read_text(path: Path) -> str:
    """The text of a file that an option, argument or setting names. Raises `UsageError` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
