"""Who is told: the file that STAFFEL_ALERTS names, read and checked. Never shows an address that may hold a secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from alerts.channel_validation import refuse_address, refuse_secrets
from alerts.rules import COOL_DOWN
from schemas.documents import DocumentError, KeyPath, Problem, SourceDocument, suggestion
from schemas.yaml_documents import read_yaml

_BEGIN = "the file is a mapping; begin with `channels:` and a list of them"
_SPAN = re.compile(r"(\d{1,4}) *(m|h|d)[a-z]*")
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SAYINGS = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "is no name; use up to 64 letters, digits, `_`, `-` and `.`, a letter or digit first",
    "tuple_type": "must be a list",
    "model_type": "must be a mapping",
    "string_type": "must be text",
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACES = re.compile(r"\{(.*?)\}")

Kind = Literal["act_now", "handoff_proposed", "service_level_passed"]


def _span(given: Any) -> Any:
    """Milliseconds of `4h`; `0` is none."""
    if given == 0:
        return 0
    found = _SPAN.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f"{given!r} is no span; write `15m`, `4h`, `1d`, or 0 for none")
    return int(found[1]) * _UNITS[found[2]]


def _from_environment(name: Any, info: ValidationInfo) -> SecretStr:
    environment: Mapping[str, str] = info.context or {}
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
        raise ValueError("write the name of an environment variable, and put the secret into that")
    if not environment.get(name, "").strip():
        raise ValueError(f"{name} is not set in the environment of this process")
    return SecretStr(environment[name].strip())


def _webhook(address: str) -> str:
    parts = urlsplit(address)
    _ = parts.port  # raises ValueError where it is no number
    plain = address.isascii() and address.isprintable() and " " not in address
    if not plain or parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise ValueError("write https://HOST/PATH, without a password; its secret comes by `secret_env`")
    return address


def _link(link: str) -> str:
    unknown = set(_PLACES.findall(link)) - {"account", "handoff"}
    if unknown or not link.startswith(("https://", "http://")):
        raise ValueError("write an address like https://crm.example.com/{account}; {account} and {handoff} are known")
    return link


def _checked_address(address: SecretStr) -> SecretStr:
    refuse_address(address.get_secret_value())
    return address


def _checked_secrets(secrets: SecretStr) -> SecretStr:
    refuse_secrets(secrets.get_secret_value())
    return secrets


Span = Annotated[int, BeforeValidator(_span)]
FromEnvironment = Annotated[SecretStr, BeforeValidator(_from_environment)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ChannelSettings(_Part):
    """One channel: an address of Apprise, or a webhook. `None` for kinds and routes: all of them."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    url: Annotated[SecretStr, AfterValidator(_checked_address)] | None = None
    url_env: Annotated[FromEnvironment, AfterValidator(_checked_address)] | None = None
    webhook: Annotated[str, AfterValidator(_webhook)] | None = None
    secret_env: Annotated[FromEnvironment, AfterValidator(_checked_secrets)] | None = None
    kinds: tuple[Kind, ...] | None = Field(default=None, min_length=1)
    routes: tuple[str, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> "ChannelSettings":
        ways = [way for way in (self.url, self.url_env, self.webhook) if way is not None]
        if len(ways) != 1:
            raise ValueError("name one of `url`, `url_env` and `webhook`")
        if (self.webhook is None) != (self.secret_env is None):
            raise ValueError("`webhook` and `secret_env` belong together: every webhook is signed")
        return self


class CoolDown(_Part):
    """At most one alert of a kind about an account within this span (milliseconds)."""

    act_now: Span = COOL_DOWN["act_now"]
    handoff_proposed: Span = COOL_DOWN["handoff_proposed"]
    service_level_passed: Span = COOL_DOWN["service_level_passed"]


class AlertSettings(_Part):
    channels: tuple[ChannelSettings, ...] = Field(min_length=1)
    cool_down: CoolDown = CoolDown()
    link: Annotated[str, AfterValidator(_link)] | None = None

    @model_validator(mode="after")
    def _apart(self) -> "AlertSettings":
        names = [channel.name for channel in self.channels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two channels are called {twice!r}; alerts are told apart by the names of channels")
        return self


_PARTS: Mapping[str, type[BaseModel]] = {"": AlertSettings, "channels": ChannelSettings, "cool_down": CoolDown}


def read_alerts(text: str, name: str, environment: Mapping[str, str]) -> AlertSettings:
    """The settings in a YAML 1.2 text. ModelError lists everything that is wrong, by line and key."""
    source = read_yaml(text, name, _BEGIN)
    try:
        return AlertSettings.model_validate(source.content, context=environment)
    except ValidationError as refusal:
        raise DocumentError(tuple(_problems(source, refusal))) from None


def _problems(source: SourceDocument, refusal: ValidationError) -> Iterator[Problem]:
    errors = refusal.errors(include_url=False, include_input=False)
    for path, kind, message in ((error["loc"], error["type"], error["msg"]) for error in errors):
        # A list whose items are wrong is reported as empty as well.
        inner = any(other["loc"][: len(path)] == path != other["loc"] for other in errors)
        if kind != "too_short" or not inner:
            yield source.problem_at(path, _said(path, kind, message))


def _said(path: KeyPath, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        names = [part for part in path[:-1] if isinstance(part, str)]
        return f"is no known key{suggestion(str(path[-1]), _PARTS[names[-1] if names else ''].model_fields)}"
    if kind in _SAYINGS:
        return _SAYINGS[kind]
    return message.removeprefix("Value error, ").replace("Input should", "must", 1)
