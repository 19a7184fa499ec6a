"""The settings of the alerts, from the file that STAFFEL_ALERTS names; errors contain no address or secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

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

from alerts.channels.receivers import receivers_of
from alerts.channels.validation import check_address, check_secrets, check_webhook
from alerts.rules import DEFAULT_COOL_DOWN_MS
from schemas import DocumentError, KeyPath, Problem, SourceDocument, read_yaml, suggestion

_EXPECTED_CONTENT = "the file must be a mapping; begin with `channels:` and a list of channels"
_DURATION_PATTERN = re.compile(r"(\d{1,4}) *(m|h|d)[a-z]*")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MESSAGES = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "is not a name; use up to 64 letters, digits, `_`, `-`, `.`, a letter or digit first",
    "tuple_type": "must be a list",
    "model_type": "must be a mapping",
    "string_type": "must be text",
}
_VARIABLE_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER_PATTERN = re.compile(r"\{(.*?)\}")

AlertKind = Literal["act_now", "handoff_proposed", "service_level_passed", "reminder", "escalation"]


def _parse_duration(value: Any) -> Any:
    """Milliseconds, from text like `4h`, or 0."""
    if value == 0:
        return 0
    match = _DURATION_PATTERN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a valid duration; write `15m`, `4h`, `1d`, or 0 for none")
    return int(match[1]) * _UNIT_MS[match[2]]


def _read_secret(name: Any, info: ValidationInfo) -> SecretStr:
    environment: Mapping[str, str] = info.context or {}
    if not isinstance(name, str) or not _VARIABLE_PATTERN.fullmatch(name):
        raise ValueError("write the name of an environment variable that holds the secret")
    if not environment.get(name, "").strip():
        # Not the name: it may be the secret itself, pasted here.
        raise ValueError("the environment variable that it names is not set")
    return SecretStr(environment[name].strip())


def _check_webhook(address: str) -> str:
    check_webhook(address)
    return address


def _check_link(link: str) -> str:
    unknown = set(_PLACEHOLDER_PATTERN.findall(link)) - {"account", "handoff"}
    if unknown or not link.startswith(("https://", "http://")):
        raise ValueError("write a URL like https://crm.example.com/{account}; {account} and {handoff} are replaced")
    return link


def _check_secret_address(address: SecretStr) -> SecretStr:
    check_address(address.get_secret_value())
    receivers_of(address.get_secret_value())
    return address


def _check_signing_secrets(secrets: SecretStr) -> SecretStr:
    check_secrets(secrets.get_secret_value())
    return secrets


DurationMs = Annotated[int, BeforeValidator(_parse_duration)]
EnvironmentSecret = Annotated[SecretStr, BeforeValidator(_read_secret)]


class _SettingsModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ChannelSettings(_SettingsModel):
    """One channel: an address of Apprise, or a webhook. Kinds, routes and owners: None means all.

    `fallback`: the channel that gets an alert which this one did not take; `names`: whether it may name persons.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    url: Annotated[SecretStr, AfterValidator(_check_secret_address)] | None = None
    url_env: Annotated[EnvironmentSecret, AfterValidator(_check_secret_address)] | None = None
    webhook: Annotated[str, AfterValidator(_check_webhook)] | None = None
    secret_env: Annotated[EnvironmentSecret, AfterValidator(_check_signing_secrets)] | None = None
    kinds: tuple[AlertKind, ...] | None = Field(default=None, min_length=1)
    routes: tuple[str, ...] | None = Field(default=None, min_length=1)
    owners: tuple[str, ...] | None = Field(default=None, min_length=1)
    fallback: str | None = None
    names: bool = False

    @property
    def address(self) -> str | None:
        """Of Apprise; holds secrets."""
        address = self.url or self.url_env
        return None if address is None else address.get_secret_value()

    @property
    def receivers(self) -> tuple[str, ...]:
        """The keys of its receivers; one without a name for a webhook."""
        return ("",) if self.address is None else tuple(each.key for each in receivers_of(self.address))

    @model_validator(mode="after")
    def _check_one_address(self) -> "ChannelSettings":
        addresses = [address for address in (self.url, self.url_env, self.webhook) if address is not None]
        if len(addresses) != 1:
            raise ValueError("name one of `url`, `url_env` and `webhook`")
        if (self.webhook is None) != (self.secret_env is None):
            raise ValueError("`webhook` and `secret_env` belong together: webhooks are always signed")
        if self.names and self.webhook is not None:
            raise ValueError("`names` is only for chat and mail: webhooks never carry names of persons")
        return self


class CoolDown(_SettingsModel):
    """At most one alert of a kind about an account within this time (milliseconds)."""

    act_now: DurationMs = DEFAULT_COOL_DOWN_MS["act_now"]
    handoff_proposed: DurationMs = DEFAULT_COOL_DOWN_MS["handoff_proposed"]
    service_level_passed: DurationMs = DEFAULT_COOL_DOWN_MS["service_level_passed"]


class AlertSettings(_SettingsModel):
    channels: tuple[ChannelSettings, ...] = Field(min_length=1)
    cool_down: CoolDown = CoolDown()
    link: Annotated[str, AfterValidator(_check_link)] | None = None

    @model_validator(mode="after")
    def _check_unique_names(self) -> "AlertSettings":
        names = [channel.name for channel in self.channels]
        duplicate = next((name for name in names if names.count(name) > 1), None)
        if duplicate is not None:
            raise ValueError(f"two channels have the name {duplicate!r}; names must be unique")
        return self

    @model_validator(mode="after")
    def _check_fallbacks(self) -> "AlertSettings":
        fallbacks = {channel.name: channel.fallback for channel in self.channels}
        for name, fallback in fallbacks.items():
            if fallback is not None and fallback not in fallbacks:
                raise ValueError(f"channel {name!r} has the fallback {fallback!r}, which is no channel of this file")
            seen = {name}
            while fallback is not None and fallback not in seen:
                seen.add(fallback)
                fallback = fallbacks[fallback]
            if fallback is not None:
                raise ValueError(f"the fallbacks of channel {name!r} lead back to {fallback!r}")
        return self


_MODELS: Mapping[str, type[BaseModel]] = {"": AlertSettings, "channels": ChannelSettings, "cool_down": CoolDown}


def read_alerts(text: str, name: str, environment: Mapping[str, str]) -> AlertSettings:
    """Parse a YAML 1.2 text. Raises `DocumentError` with all problems, by line and key."""
    source = read_yaml(text, name, _EXPECTED_CONTENT)
    try:
        return AlertSettings.model_validate(source.content, context=environment)
    except ValidationError as error:
        raise DocumentError(tuple(_problems(source, error))) from None


def _problems(source: SourceDocument, failure: ValidationError) -> Iterator[Problem]:
    errors = failure.errors(include_url=False, include_input=False)
    for path, kind, message in ((error["loc"], error["type"], error["msg"]) for error in errors):
        # Pydantic also reports a list with invalid items as empty.
        inner = any(other["loc"][: len(path)] == path != other["loc"] for other in errors)
        if kind != "too_short" or not inner:
            yield source.problem_at(path, _message_of(path, kind, message))


def _message_of(path: KeyPath, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        names = [part for part in path[:-1] if isinstance(part, str)]
        return f"unknown key{suggestion(str(path[-1]), _MODELS[names[-1] if names else ''].model_fields)}"
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    return message.removeprefix("Value error, ").replace("Input should", "must", 1)
