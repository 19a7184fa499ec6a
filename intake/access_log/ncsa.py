"""Lines in NCSA common or combined format, with fields before the client and after the browser.

Format: https://httpd.apache.org/docs/current/mod/mod_log_config.html, `%h %l %u %t "%r" %>s %b` and, combined,
`"%{Referer}i" "%{User-Agent}i"`. Before the client may stand a virtual host, or what syslog, Docker and Kubernetes put
before a line; after the browser whatever the format of the site adds (nginx's `main`: `"$http_x_forwarded_for"`).
"""

import re

from intake.access_log.clients import UNKNOWN_CLIENT, Client, client_of, first_public
from intake.access_log.requests import QUOTED, Request, bad_time, header_value, method_and_target, minute_ms, unescaped
from intake.observation import Rejected

_TIME = r"\[([^\]]{17})(:[0-6]\d) ([+-]\d{4})\]"
_TIME_WITH_FRACTION = r"\[([^\]]{17})(:[0-6]\d)(?:\.\d{1,9})? ([+-]\d{4})\]"
_PLAIN_LINE = re.compile(
    rf'([0-9A-Fa-f.:]{{2,45}}) - (\S+) {_TIME} "([^"\\]*)" (\d{{3}}) (?:\d+|-)(?: "([^"\\]*)" "([^"\\]*)")?'
)
"""What nearly all lines are: no escapes, nothing before the client or after the browser."""
_LINE = re.compile(
    rf"(.{{0,8192}}?){_TIME_WITH_FRACTION} {QUOTED} (\d{{3}}) (\d+|-)(?: {QUOTED} {QUOTED})?"
    r'((?:\s+(?:(?:\w{1,40}=)?"[^"\\]*(?:\\.[^"\\]*)*"|[^\s"]+))*\s*(?:\s"[^"]*)?)$',
    re.DOTALL,
)
_PREFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.-]{1,100} +\| +",  # docker compose logs
        r"\[(?:pod|container)/[^\]\s]{1,300}\] +",  # kubectl logs --prefix
        r"<\d{1,3}>(?:\d )?",  # the priority of syslog, RFC 3164 and 5424
        r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})? +",  # the time of syslog, RFC 3164
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)? +",  # rsyslog, journald, docker -t
        r"(?:stdout|stderr) [FP] ",  # Kubernetes' container runtimes
    )
)
_TAG = re.compile(r"(?:\S+ +)?[^\s:\[\]\"]{1,100}(?:\[[\w.-]{1,40}\])?: +")
"""Host and program of syslog: `web1 nginx[7]: `, `app[web.1]: `."""
_RFC_5424_FIELDS = re.compile(r"\S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) +")
"""Host, program, process, message id, structured data."""
_FIELD = re.compile(r'"[^"]*"|\S+')
_VIRTUAL_HOST = re.compile(r"(?:[\w*-]+(?:\.[\w-]+)*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?\.?")
_CUT_OFF = "the line is cut off, or its quotes are not balanced"
_PORT = re.compile(r":\d{1,5}$")
_SERVER_PORT = re.compile(r":(?:80|443|8000|8080|8443)$")


def parse_line(content: bytes, where: str) -> Request | Rejected:
    """One line. Rejected: `bad_line` if it does not have the format, `bad_time` for an impossible time."""
    text = decoded(content)
    plain = _PLAIN_LINE.fullmatch(text)
    if plain is None:
        return _parse_other(content, text, where)
    address, _, minute, seconds, zone, line, status, referrer, agent = plain.groups()
    client = client_of(address)
    if client is None:
        return _bad_line(where, "the client is not an address")
    try:
        time = minute_ms(minute, zone) + int(seconds[1:]) * 1000
    except (KeyError, ValueError, OverflowError):
        return bad_time(where, f"{minute}{seconds} {zone}")
    method, target = method_and_target(line)
    identity = identifying_part(content)
    return Request(client, time, method, target, int(status), header_value(referrer), agent, identity)


def identifying_part(content: bytes) -> bytes:
    """The part of a line that its id is derived from. In the common format that excludes the size at the end, which may
    have been incomplete when the log was copied."""
    return content if content.endswith(b'"') else content.rsplit(b" ", 1)[0]


def decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def identity_of_line(content: bytes) -> bytes | None:
    """The identifying part of a line of this format; None for lines of others."""
    text = decoded(content)
    match = _LINE.match(text)
    return None if match is None else _identity(content, text, match)


def _identity(content: bytes, text: str, match: re.Match[str]) -> bytes:
    if not match[10].strip():
        return identifying_part(content)
    # Without the fields at the end: they may be incomplete while the line is being written.
    end = match.end(9) + 1 if match[9] is not None else match.start(7) - 1
    return text[:end].encode()


def _parse_other(content: bytes, text: str, where: str) -> Request | Rejected:
    match = _LINE.match(text)
    if match is None:
        return _bad_line(where, _problem_of(text))
    before, minute, seconds, zone, line, status, _, referrer, agent, after = match.groups()
    if agent is None and '"' in after:
        return _bad_line(where, _CUT_OFF)
    found = _client_and_host(before)
    if found is None:
        return _bad_line(where, "it is not clear which field before the time is the client; name the format")
    try:
        time = minute_ms(minute, zone) + int(seconds[1:]) * 1000
    except (KeyError, ValueError, OverflowError):
        return bad_time(where, f"{minute}{seconds} {zone}")
    client, host = found
    method, target = method_and_target(unescaped(line))
    return Request(
        client,
        time,
        method,
        target,
        int(status),
        referrer=header_value(referrer and unescaped(referrer)),
        agent=agent and unescaped(agent),
        identity=_identity(content, text, match),
        host=host,
    )


def _bad_line(where: str, problem: str) -> Rejected:
    return Rejected(where, "bad_line", f"not a line in the combined or common log format: {problem}")


def _problem_of(text: str) -> str:
    """What is missing, without the content of the line."""
    time = re.search(_TIME_WITH_FRACTION, text)
    if time is None:
        return "no time like [17/May/2015:10:05:03 +0000]"
    if re.match(rf" {QUOTED} \d{{3}} ", text[time.end() :]) is None:
        return "no quoted request and status after the time"
    return _CUT_OFF


def _client_and_host(before: str) -> tuple[Client, str | None] | None:
    """The client, and the host that was asked, of the fields before the time: `[host] client ident user`.

    None if it is not clear which field is the client. Two clients must never become one, so nothing is guessed.
    """
    fields = _joined_lists(_FIELD.findall(_without_prefixes(before)))
    identity = next((index for index, field in enumerate(fields) if index and field == "-"), None)
    if identity == 1 and fields[1:] == ["-", "-", "-"]:
        return _with_host(client_of("-"), fields[0])
    if identity is None:
        # Somebody's name in place of the dash: `client ident user`, or a virtual host before that.
        has_host = len(fields) > 3 and not _is_address(fields[0]) and _is_address(fields[1])
        if len(fields) != 3 and not has_host and not _is_address(fields[0] if fields else ""):
            return None
        identity = 2 if has_host else 1
    if identity == 1 and len(fields) > 3 and not _is_address(fields[0]) and _is_address(fields[2]):
        return _chosen([fields[0], fields[2]])  # `host - client - user`
    return _chosen(fields[:identity])


def _without_prefixes(before: str) -> str:
    """The text without what log systems put before a line."""
    text, is_rfc5424 = before, re.match(r"<\d{1,3}>\d ", before) is not None
    prefixed = False
    for pattern in _PREFIXES:
        if found := pattern.match(text):
            text, prefixed = text[found.end() :], True
    if is_rfc5424 and (found := _RFC_5424_FIELDS.match(text)):
        return text[found.end() :]
    if prefixed and (found := _TAG.match(text)):
        text = text[found.end() :]
    return text


def _joined_lists(fields: list[str]) -> list[str]:
    """The fields, with lists of addresses (`client, proxy`) as one each."""
    joined: list[str] = []
    for field in fields:
        if joined and (joined[-1].endswith(",") or field.startswith(",")):
            joined[-1] += field
        else:
            joined.append(field)
    return joined


def _chosen(candidates: list[str]) -> tuple[Client, str | None] | None:
    """Of the fields before the ident, the client and the virtual host."""
    if len(candidates) == 1:
        client = client_of(candidates[0])
        is_tag = candidates[0].endswith(":") and client != UNKNOWN_CLIENT
        return None if client is None or is_tag else (client, None)
    first, last = candidates[0], candidates[-1]
    if len(candidates) == 2 and _is_virtual_host(first) and (_is_address(last) or not _is_client_port(first)):
        return _with_host(client_of(last), first)
    addresses = [client for field in candidates if (client := client_of(field)) is not None and client.ip]
    public = [client for client in addresses if first_public([client])]
    if len(addresses) == 1 or len(public) == 1:
        hosts = [field for field in candidates if not _is_address(field) and _can_be_asked(field)]
        return _with_host((public or addresses)[0], hosts[0] if hosts else None)
    if addresses or len(candidates) > 2 or not _VIRTUAL_HOST.fullmatch(first) or "." not in first:
        return None
    return _with_host(client_of(last), first)


def _is_virtual_host(field: str) -> bool:
    """`www.example.com:443`; without a port only the place before the client tells it."""
    return _PORT.search(field) is not None and _VIRTUAL_HOST.fullmatch(field) is not None


def _can_be_asked(field: str) -> bool:
    """Whether it can be the name of a host; a time or another number (`0.123`) cannot."""
    return _VIRTUAL_HOST.fullmatch(field) is not None and re.search(r"[^\W\d]", field) is not None


def _is_client_port(field: str) -> bool:
    """`198.51.100.7:51324`, an address with a port that no server listens at."""
    return _is_address(field) and _SERVER_PORT.search(field) is None


def _with_host(client: Client | None, host: str | None) -> tuple[Client, str | None] | None:
    return None if client is None else (client, host)


def _is_address(field: str) -> bool:
    client = client_of(field)
    return client is not None and client.ip is not None
