"""Settings: read once from STAFFEL_* and .env, frozen, passed by hand. Never read anywhere else."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting has a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix="STAFFEL_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path(".staffel"), description="folder of the embedded database")
    database: str | None = Field(default=None, description="sqlite:///PATH or postgresql+psycopg://…; else in `home`")
    log: str = Field(default="sql", description="where the log is kept: `sql`, in the database")
    partitions: int = Field(default=1, ge=1, le=256, description="of every topic; fixed when the log is made")
    model: Path | None = Field(default=None, description="model of a new log; else the default model")
    networks: Path | None = Field(default=None, description="IP networks of companies: `.mmdb` or `CIDR domain` lines")
    wait: float = Field(default=30.0, gt=0, description="seconds a command waits for the process that hosts")
    logs: Literal["console", "json"] = Field(default="console", description="shape of log lines")

    @field_validator("log")
    @classmethod
    def _only_sql(cls, given: str) -> str:
        if given != "sql":
            raise ValueError(f"`{given}` is not there yet; the log is kept in the database (`sql`)")
        return given

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'staffel.db'}"
