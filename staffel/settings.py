"""Settings: read once from STAFFEL_* and .env, frozen, passed by hand. Never read anywhere else."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from staffel.errors import UsageError
from streams.kafka.address import KafkaAddress, parse_kafka_address


class Settings(BaseSettings):
    """Every setting has a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix="STAFFEL_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path(".staffel"), description="folder of the embedded database")
    database: str | None = Field(default=None, description="sqlite:///PATH or postgresql+psycopg://…; else in `home`")
    log: str = Field(default="sql", description="`sql`, in the database, or kafka://HOST:PORT")
    partitions: int = Field(default=1, ge=1, le=256, description="of every topic; fixed when the log is made")
    model: Path | None = Field(default=None, description="model of a new log; else the default model")
    networks: Path | None = Field(default=None, description="IP networks of companies: `.mmdb` or `CIDR domain` lines")
    wait: float = Field(default=30.0, gt=0, description="seconds a command waits for the process that hosts")
    worker_session: float = Field(
        default=10.0, ge=1, description="seconds until a silent worker loses its partitions; brokers take 6 or more"
    )
    listen: str = Field(default="127.0.0.1", description="address of health pages and metrics; 0.0.0.0 for all")
    ready_lag: int = Field(default=10_000, ge=0, description="records behind, from which on a process is not ready")
    alerts: Path | None = Field(default=None, description="file that says who is told of handoffs, and how")
    alerts_fresh: float = Field(default=24.0, gt=0, description="hours after which an event is history, told to nobody")
    logs: Literal["console", "json"] = Field(default="console", description="shape of log lines")

    @field_validator("log")
    @classmethod
    def _valid_log(cls, value: str) -> str:
        if value != "sql":
            parse_kafka_address(value)
        return value

    @property
    def kafka(self) -> KafkaAddress | None:
        """Where the log is on Kafka; None where it is in the database."""
        return None if self.log == "sql" else parse_kafka_address(self.log)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'staffel.db'}"


def read_text(path: Path) -> str:
    """A file that an option or an argument names, as text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
