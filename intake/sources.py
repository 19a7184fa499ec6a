"""Settings of sources: what may be kept of the data they send, and what is known about them.

The file that STAFFEL_SOURCES names, YAML 1.2: a mapping from a source (`segment/website`, or `segment` for all sources
of that scope without settings of their own) to its settings. A source without settings keeps no title, subject, search
text, reason, property or query parameter (except `utm_*`).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from intake.domains import ascii_host
from schemas import DocumentError, KeyPath, Problem, SourceDocument, read_yaml, suggestion

Trust = Literal["browser", "server", "trusted"]

PERSONAL_NAMES = frozenset(
    "email emailaddress mail mailaddress firstname lastname fullname surname givenname familyname username displayname "
    "vorname nachname phone phonenumber telephone telefon mobile handy fax ip ipaddress ipv4 ipv6 clientip remoteaddr "
    "remoteip xforwardedfor street strasse straße homeaddress birthday birthdate dateofbirth geburtsdatum iban bic ssn "
    "passport creditcard cardnumber avatar".split()
)
"""Folded names of fields about a person, which no setting allows."""
SECRET_NAMES = frozenset(
    "token accesstoken idtoken refreshtoken resettoken csrftoken csrf xsrf auth authtoken authorization bearer key "
    "apikey accesskey secret clientsecret password passwd passwort kennwort pwd pass pin sig signature session "
    "sessionid sessid phpsessid jsessionid sid code otp jwt assertion samlresponse credential credentials".split()
)
"""Folded names of secrets, which no setting allows."""
_SENSITIVE_ENDINGS = ("email", "phone", "firstname", "lastname", "password", "token", "secret", "apikey", "ipaddress")
"""`billing_email`, `newPassword`."""
_MAX_NAME_LENGTH = 200
_SEPARATORS = re.compile(r"[\[\].]+")
_IGNORED_SIGNS = re.compile(r"[\s_-]+")
_SOURCE_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_EXPECTED_CONTENT = "the file must be a mapping from sources to settings; for example `mbox: {keep: {subjects: true}}`"
_MESSAGES = {
    "tuple_type": "must be a list",
    "model_type": "must be a mapping",
    "string_type": "must be text",
    "bool_type": "must be true or false",
}


@lru_cache(maxsize=20_000)
def folded_name(name: str) -> tuple[str, ...]:
    """The parts of a name as names are compared: decoded, without case, `-` and `_`.

    `user%5BFirst_Name%5D` and `user.first-name` are both ("user", "firstname").
    """
    decoded = unicodedata.normalize("NFKC", fully_unquoted(name[:_MAX_NAME_LENGTH])).casefold()
    return tuple(part for raw in _SEPARATORS.split(decoded) if (part := _IGNORED_SIGNS.sub("", raw)))


def fully_unquoted(text: str) -> str:
    """The text with percent-encoding removed, also where it was applied several times."""
    for _ in range(5):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    return text


def is_sensitive(parts: tuple[str, ...]) -> bool:
    """Whether a folded name is that of a secret or of a person's data."""
    return any(part in PERSONAL_NAMES or part in SECRET_NAMES or part.endswith(_SENSITIVE_ENDINGS) for part in parts)


def _check_name(name: str) -> str:
    parts = folded_name(name)
    if "*" in name or not parts:
        raise ValueError(f"{name!r} is not a name; write each name that may be kept")
    if is_sensitive(parts):
        raise ValueError(f"{name!r} names a secret or a person; it is never kept, remove it")
    return name


def _check_domain(domain: str) -> str:
    host = ascii_host(domain)
    if host is None:
        raise ValueError(f"{domain!r} is not a domain; write one like example.com")
    return host


def _check_site(site: str) -> str:
    parts = urlsplit(site)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(f"{site!r} is not the address of a site; write one like https://www.example.com")
    return site.rstrip("/")


Name = Annotated[str, AfterValidator(_check_name)]
Domain = Annotated[str, AfterValidator(_check_domain)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Keep(_Settings):
    """What is kept beyond the fields that are always kept. The default is nothing."""

    properties: tuple[Name, ...] = Field(default=(), strict=False)
    """Of `custom.tracked`; `cart.total` is a property of a property."""
    query: tuple[Name, ...] = Field(default=(), strict=False)
    """Parameters of `url`, besides `utm_*`."""
    titles: bool = False
    """Of pages, downloads and meetings."""
    subjects: bool = False
    """Of mails."""
    searches: bool = False
    """What visitors searched for."""
    reasons: bool = False
    """Why something was canceled, bounced or lost, as free text."""
    comments: bool = False
    """Of surveys."""

    @cached_property
    def property_names(self) -> frozenset[tuple[str, ...]]:
        return frozenset(map(folded_name, self.properties))

    @cached_property
    def query_names(self) -> frozenset[tuple[str, ...]]:
        return frozenset(map(folded_name, self.query))


class SourceSettings(_Settings):
    """The settings of one source."""

    keep: Keep = Keep()
    trust: Trust = "trusted"
    """Who can send in its name: anybody with a browser, our servers, or only we. Files are ours."""
    ours: tuple[Domain, ...] = Field(default=(), strict=False)
    """Our own domains: mails and meetings among ourselves are no engagement."""
    site: Annotated[str, AfterValidator(_check_site)] | None = None
    """Completes the paths of an access log."""
    networks: Path | None = Field(default=None, strict=False)
    """Company networks, relative to the folder of the settings; replaces STAFFEL_NETWORKS for this source."""
    keep_ids: bool = False
    """Of accounts: two rows of an export that show one domain stay two accounts."""


DEFAULT_SETTINGS = SourceSettings()


class Sources:
    """The settings of all sources."""

    def __init__(self, settings: Mapping[str, SourceSettings] | None = None) -> None:
        self._settings = dict(settings or {})

    def of(self, source: str) -> SourceSettings:
        """The settings of a source, else those of its scope (`segment` of `segment/website`), else the default."""
        settings = self._settings
        if not settings:
            return DEFAULT_SETTINGS
        return settings.get(source) or settings.get(source.partition("/")[0]) or DEFAULT_SETTINGS

    def __iter__(self) -> Iterator[tuple[str, SourceSettings]]:
        return iter(self._settings.items())


def read_sources(text: str, name: str, folder: Path = Path()) -> Sources:
    """Parse a YAML 1.2 text. Raises `DocumentError` with all problems, by line and key.

    `folder`: that of the file, from where `networks` is found.
    """
    source = read_yaml(text, name, _EXPECTED_CONTENT)
    problems: list[Problem] = []
    settings: dict[str, SourceSettings] = {}
    for key, content in source.content.items():
        problems += [source.problem_at((key,), why) for why in _name_problems(key)]
        try:
            read = SourceSettings.model_validate(content)
        except ValidationError as error:
            problems += _problems(source, key, error)
            continue
        networks = None if read.networks is None else folder / read.networks
        settings[key] = read.model_copy(update={"networks": networks})
    if problems:
        raise DocumentError(tuple(problems))
    return Sources(settings)


def _name_problems(name: str) -> Iterator[str]:
    if not _SOURCE_NAME.fullmatch(name):
        yield "is not the name of a source; write one like segment/website"
    elif name == "staffel" or name.startswith("staffel/"):
        yield "is a source of Staffel itself, which has no settings"


def _problems(source: SourceDocument, key: str, failure: ValidationError) -> Iterator[Problem]:
    for error in failure.errors(include_url=False, include_input=False):
        path: KeyPath = (key, *error["loc"])
        yield source.problem_at(path, _message_of(path, error["type"], error["msg"]))


def _message_of(path: KeyPath, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        model: Any = Keep if path[1:2] == ("keep",) and len(path) > 2 else SourceSettings
        return f"unknown key{suggestion(str(path[-1]), model.model_fields)}"
    return _MESSAGES.get(kind) or message.removeprefix("Value error, ").replace("Input should", "must", 1)
