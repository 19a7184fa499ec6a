"""The formats that `--format` names: a format of its name, a format string of Apache or nginx, or a mapping of JSON.

Apache: https://httpd.apache.org/docs/current/mod/mod_log_config.html#formats
nginx: https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from intake.access_log.json_lines import parse_json_line
from intake.access_log.ncsa import decoded, identity_of_line
from intake.access_log.requests import Request, request_of, unescaped
from intake.observation import Rejected

ParseLine = Callable[[bytes, str], Request | Rejected]

_COMBINED = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'
NAMED_FORMATS = {
    "common": '%h %l %u %t "%r" %>s %b',
    "combined": _COMBINED,
    "vhost_combined": f"%v:%p {_COMBINED}",
    "main": '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" "$http_x_forwarded_for"',
    "caddy": "json:client=request.remote_ip,real_client=request.client_ip,time=ts,method=request.method,"
    "target=request.uri,host=request.host,status=status,referrer=request.headers.Referer,"
    "agent=request.headers.User-Agent",
    "traefik": "json:client=ClientHost,time=StartUTC,method=RequestMethod,target=RequestPath,host=RequestHost,"
    "status=DownstreamStatus,referrer=request_Referer,agent=request_User-Agent",
}
_JSON_PREFIX = "json:"
_FIELDS = frozenset("client real_client forwarded time request method target query status referrer agent host".split())
_REQUIRED = (
    ("client", "real_client", "forwarded"),
    ("time",),
    ("request", "target"),
    ("status",),
)

_APACHE_CONFIGURATION = re.compile(r'\s*LogFormat\s+"((?:[^"\\]|\\.)*)"(?:\s+\S+)?\s*')
_NGINX_CONFIGURATION = re.compile(r"\s*log_format\s+\S+\s+(?:escape=\w+\s+)?(.*?);?\s*", re.DOTALL)
_NGINX_PIECE = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+)")
_APACHE_DIRECTIVE = re.compile(r"%(?:!?\d{3}(?:,\d{3})*)?[<>]?(?:\{([^}]*)\})?(\^[A-Za-z]{2}|[A-Za-z%])")
_NGINX_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_APACHE_FIELDS = {
    "h": "client", "a": "client", "t": "time", "r": "request", "m": "method", "U": "target", "q": "query",
    "s": "status", "v": "host", "V": "host", "u": "user",
}  # fmt: skip
_HEADER_FIELDS = {
    "referer": "referrer", "user-agent": "agent", "host": "host", "x-forwarded-for": "forwarded",
    "forwarded": "forwarded", "x-real-ip": "real_client", "cf-connecting-ip": "real_client",
    "true-client-ip": "real_client", "x-client-ip": "real_client", "fastly-client-ip": "real_client",
}  # fmt: skip
_NGINX_FIELDS = {
    "remote_addr": "client", "proxy_protocol_addr": "real_client", "time_local": "time", "time_iso8601": "time",
    "msec": "time", "request": "request", "request_method": "method", "request_uri": "target", "uri": "target",
    "document_uri": "target", "args": "query", "query_string": "query", "is_args": "query_mark", "status": "status",
    "host": "host", "server_name": "host", "remote_user": "user",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format that somebody named, and its parser."""

    text: str
    parse_line: ParseLine


@dataclass(frozen=True, slots=True)
class _Field:
    name: str | None
    """None if nothing is read from it."""
    time_format: str | None = None
    in_brackets: bool = False


def parse_format(text: str) -> LogFormat | Rejected:
    """The format of a name (`combined`), of a format string, or of a mapping (`json:client=ip,time=ts,…`)."""
    definition = NAMED_FORMATS.get(text.strip(), text)
    if definition.strip().startswith(_JSON_PREFIX):
        return _json_format(text, definition.strip().removeprefix(_JSON_PREFIX))
    parts = list(_parts(_format_string(definition)))
    fields = [part for part in parts if isinstance(part, _Field)]
    if not fields:
        known = ", ".join(NAMED_FORMATS)
        return _bad_format(text, f"neither a known name ({known}) nor a format string with % or $, nor json:…")
    if missing := _missing({part.name for part in fields if part.name}):
        return _bad_format(text, f"has no field for the {missing}")
    pattern = re.compile("".join(_patterns(parts)), re.DOTALL)
    return LogFormat(text, partial(_parse_by_pattern, pattern, fields))


def _bad_format(text: str, why: str) -> Rejected:
    return Rejected("--format", "bad_format", f"{text[:200]!r} {why}")


def _missing(names: set[str]) -> str | None:
    return next((group[0] for group in _REQUIRED if not names & set(group)), None)


def _json_format(text: str, mapping: str) -> LogFormat | Rejected:
    pairs = [pair.partition("=") for pair in mapping.split(",")]
    paths = {name.strip(): tuple(path.strip().split(".")) for name, _, path in pairs}
    unknown = next((name for name in paths if name not in _FIELDS or paths[name] == ("",)), None)
    if unknown is not None:
        return _bad_format(text, f"maps {unknown!r}; the fields are {', '.join(sorted(_FIELDS))}")
    if missing := _missing(set(paths)):
        return _bad_format(text, f"has no field for the {missing}")
    return LogFormat(text, partial(parse_json_line, paths))


def _format_string(text: str) -> str:
    """The string itself, of a line of the server's configuration too."""
    if apache := _APACHE_CONFIGURATION.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", apache[1])
    if nginx := _NGINX_CONFIGURATION.fullmatch(text):
        pieces = _NGINX_PIECE.findall(nginx[1])
        return "".join(single or double or bare for single, double, bare in pieces)
    return text.replace('\\"', '"')


def _parts(text: str) -> Iterator[_Field | str]:
    """Fields and the literal text between them."""
    is_nginx = "$" in text and not _APACHE_DIRECTIVE.search(text)
    directive = _NGINX_VARIABLE if is_nginx else _APACHE_DIRECTIVE
    at = 0
    for match in directive.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        at = match.end()
        if match[2] == "%":
            yield "%"
        else:
            yield _nginx_field(match[1] or match[2]) if is_nginx else _apache_field(match[1], match[2])
    if at < len(text):
        yield text[at:]


def _apache_field(argument: str | None, letter: str) -> _Field:
    if letter == "i":
        return _Field(_HEADER_FIELDS.get((argument or "").lower()))
    if letter == "t":
        time_format = (argument or "").removeprefix("begin:").removeprefix("end:")
        return _Field("time", time_format or None, in_brackets=not argument)
    return _Field(_APACHE_FIELDS.get(letter))


def _nginx_field(variable: str) -> _Field:
    header = variable.removeprefix("http_").replace("_", "-") if variable.startswith("http_") else ""
    return _Field(_NGINX_FIELDS.get(variable) or _HEADER_FIELDS.get(header))


def _patterns(parts: list[_Field | str]) -> Iterator[str]:
    for index, part in enumerate(parts):
        if isinstance(part, str):
            yield r"\s+".join(re.escape(word) for word in re.split(r"\s+", part))
        else:
            yield _field_pattern(part, parts[index + 1] if index + 1 < len(parts) else "")


def _field_pattern(field: _Field, following: _Field | str) -> str:
    """A group for the field. Its values end where the text begins that follows it, so that matching is linear."""
    if field.in_brackets:
        return r"\[([^\]]*)\]"
    if field.name in ("query", "query_mark"):
        return r"(\??)" if field.name == "query_mark" else r'(\??[^\s"]*)'
    if isinstance(following, _Field):
        return r'([^\s"?]*)'
    if following.startswith('"'):
        return r'([^"\\]*(?:\\.[^"\\]*)*)'
    if not following:
        return r"(.*)"
    if field.name in ("client", "real_client", "forwarded") and following.startswith(" "):
        return r"([^\s,]+(?:\s?,\s?[^\s,]+){0,64}|)"
    if field.name == "user":
        return r"(.{0,256}?)"
    return rf"([^{re.escape(following[0])}]*)"


def _parse_by_pattern(pattern: re.Pattern[str], fields: list[_Field], content: bytes, where: str) -> Request | Rejected:
    match = pattern.fullmatch(decoded(content).rstrip())
    if match is None:
        return Rejected(where, "bad_line", "not a line of the format that --format names")
    values: dict[str, str] = {}
    time_format = None
    for field, text in zip(fields, match.groups(), strict=True):
        if field.name is not None and not (field.name in values and text in ("", "-")):
            values[field.name] = unescaped(text)
        time_format = field.time_format or time_format
    return request_of(values, where, time_format, identity_of_line(content))


def known_formats() -> str:
    names: Mapping[str, str] = NAMED_FORMATS
    return f"{', '.join(names)}, a LogFormat of Apache, a log_format of nginx, json:client=…,time=…,…"
