"""Connector for web server logs, NCSA combined or common: page views, one line in memory at a time.

Format: https://httpd.apache.org/docs/current/mod/mod_log_config.html, `%h %l %u %t "%r" %>s %b` and, combined,
`"%{Referer}i" "%{User-Agent}i"`. A regular expression parses plain lines; `apachelogs` parses the rest (escapes).
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import apachelogs

from intake.bots import is_bot
from intake.domains import is_ip_address
from intake.files.text import ContentCounter, numbered_lines, with_format_check
from intake.observation import Filtered, Item, Observation, Rejected
from schemas import from_datetime

_PLAIN_LINE = re.compile(
    r'(\S+) \S+ [^"\\\[]*\[([^\]]{17})(:[0-5]\d) ([+-]\d{4})\] "([^"\\]*)" (\d{3}) (?:\d+|-)'
    r'(?: "([^"\\]*)" "([^"\\]*)")?\s*'
)
_PROTOCOL = re.compile(r" HTTP/\d(?:\.\d)?$")
_URL_ORIGIN = re.compile(r"^https?://[^/]*", re.IGNORECASE)
_MAX_EXCERPT = 80
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {month: number for number, month in enumerate(_MONTH_NAMES, 1)}
_WRONG_FORMAT = "{} is not an access log in NCSA combined or common format"

_EXTENSIONS_OF_KIND = {
    "image": "png jpg jpeg gif svg ico webp avif bmp tif tiff cur",
    "style": "css less scss xsl xslt",
    "script": "js mjs map wasm",
    "font": "woff woff2 ttf otf eot",
    "feed": "rss atom rdf xml",
    "media": "mp3 mp4 m4a m4v webm ogg ogv oga wav flac avi mov mkv swf flv",
    "API answer": "json jsonld webmanifest manifest ics vcf",
    "document": "txt pdf doc docx xls xlsx ppt pptx odt ods odp csv tsv epub ps tex log conf cfg ini",
    "download": "zip gz tgz bz2 xz 7z rar tar jar war deb rpm dmg exe msi apk iso img bin gem whl egg",
    "source file": "py pyc pl pm rb sh bash c h cc cpp hpp java go rs lua vim mk m4 xs spec patch diff sql",
    "raw file": "access pcap bak tmp db dat asc sig md5 sha1 sha256",
}
_KIND_OF_EXTENSION = {
    extension: kind for kind, extensions in _EXTENSIONS_OF_KIND.items() for extension in extensions.split()
}
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})$")
_FEED_PATH = re.compile(r"/(?:feed|feeds|rss|atom)(?:/|$)", re.IGNORECASE)
_FEED_QUERY = re.compile(r"=(?:rss|atom|rdf)[0-9.]*(?:&|$)", re.IGNORECASE)
_MACHINE_FILE = re.compile(r"^/(?:robots\.txt|humans\.txt|ads\.txt|security\.txt|sitemap[^/]*|\.well-known/.*)$")


class Request(NamedTuple):
    client: str
    time: int
    request_line: str
    """Method, target and protocol."""
    status: int
    referrer: str | None
    agent: str | None
    """None in the common format, which has no user agent."""


def read(path: Path, *, site: str | None = None, name: str | None = None) -> Iterator[Item]:
    """Page views `web.page_viewed.v1` of a log, in file order; other requests are filtered, bad lines rejected.

    `site` (`https://www.example.com`) makes URLs absolute. The source is `access-log/<name>`, else
    `access-log/<host of the site>`. Ids are derived from the content of a line, so that rotated, grown or copied logs
    yield the same ids.
    """
    site_url = (site or "").rstrip("/")
    source = "/".join(["access-log", *filter(None, [name or urlsplit(site_url).netloc])])
    return with_format_check(_items(path, site_url, source), _WRONG_FORMAT.format(path.name), path.name)


def _items(path: Path, site_url: str, source: str) -> Iterator[Item]:
    occurrences = ContentCounter()
    for line in numbered_lines(path):
        if isinstance(line, Rejected):
            yield line
            continue
        if not line.content:
            continue
        where = f"{path.name}:{line.number}"
        request = parse_line(line.content, where)
        if isinstance(request, Rejected):
            yield request
            continue
        method, target = _method_and_target(request.request_line)
        if why := non_view_reason(method, request.status, target):
            yield Filtered(where, why)
            continue
        yield _page_view(
            request, site_url + target, where, source, occurrences.content_id(_identifying_part(line.content))
        )


def _identifying_part(content: bytes) -> bytes:
    """The part of a line that its id is derived from. In the common format that excludes the size at the end, which may
    have been incomplete when the log was copied."""
    return content if content.endswith(b'"') else content.rsplit(b" ", 1)[0]


def parse_line(content: bytes, where: str) -> Request | Rejected:
    """One line of a log. Rejected: `bad_line` if it has neither format, `bad_time` for an impossible time."""
    text = _decoded(content)
    plain = _PLAIN_LINE.fullmatch(text)
    if plain is None:
        return _parse_escaped(text, where)
    client, minute, seconds, zone, line, status, referrer, agent = plain.groups()
    try:
        time = _minute_ms(minute, zone) + int(seconds[1:]) * 1000
    except (KeyError, ValueError):
        return _bad_time(where, f"{minute}{seconds} {zone}")
    return Request(client, time, line, int(status), _header_value(referrer), agent)


def _page_view(request: Request, url: str, where: str, source: str, id: str) -> Observation:
    client, agent = request.client, request.agent
    content: dict[str, Any] = {"url": url}
    if request.referrer:
        content["referrer"] = request.referrer
    if agent is not None and is_bot(agent):
        content["bot"] = True
    ip = client if _is_ip(client) else None
    return Observation(
        where=where,
        source=source,
        id=id,
        type="web.page_viewed.v1",
        time=request.time,
        data=content,
        visitor=f"{client}|{agent or ''}",
        host=client if ip is None and client != "-" else None,
        ip=ip,
    )


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


@lru_cache(maxsize=4_096)
def _minute_ms(text: str, zone: str) -> int:
    """Milliseconds since 1970 of `17/May/2015:10:05` in a zone like `+0200`. Raises KeyError or ValueError."""
    date = (int(text[7:11]), _MONTHS[text[3:6]], int(text[:2]))
    offset = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
    return from_datetime(datetime(*date, int(text[12:14]), int(text[15:]), tzinfo=timezone(offset)))


def _parse_escaped(text: str, where: str) -> Request | Rejected:
    """Parse a line that the plain pattern does not match: it has escapes, or is invalid."""
    for parser in _parsers():
        try:
            entry = parser.parse(text)
        except apachelogs.InvalidEntryError:
            continue
        except (ValueError, OverflowError):
            return _bad_time(where, text)
        return _request(entry)
    return Rejected(where, "bad_line", f"not a line in the combined or common log format: {_excerpt(text)}")


def _request(entry: Any) -> Request:
    has_headers = hasattr(entry, "headers_in")
    headers = entry.headers_in if has_headers else {}
    return Request(
        client=entry.remote_host,
        time=from_datetime(entry.request_time),
        request_line=entry.request_line or "-",
        status=entry.final_status,
        referrer=_header_value(headers.get("Referer")),
        agent=(headers.get("User-Agent") or "-") if has_headers else None,
    )


@cache
def _parsers() -> list[Any]:
    # Bytes that are not UTF-8 keep the escapes that the server wrote.
    formats = (apachelogs.COMBINED, apachelogs.COMMON)
    return [apachelogs.LogParser(form, encoding="utf-8", errors="backslashreplace") for form in formats]


@lru_cache(maxsize=65_536)
def _is_ip(client: str) -> bool:
    return is_ip_address(client)


def _header_value(header: str | None) -> str | None:
    return None if header in (None, "", "-") else header


def _method_and_target(line: str) -> tuple[str, str]:
    method, _, rest = _PROTOCOL.sub("", line).partition(" ")
    return method, rest if rest.startswith("/") else _URL_ORIGIN.sub("", rest)


def _bad_time(where: str, text: str) -> Rejected:
    return Rejected(where, "bad_time", f"not a time like [17/May/2015:10:05:03 +0000]: {_excerpt(text)}")


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= _MAX_EXCERPT else f"{text[:_MAX_EXCERPT]}…")


def non_view_reason(method: str, status: int, target: str) -> str | None:
    """Why a request is not a page view; None if it is one.

    `target` is the path with its query. Only successful GETs are views: a redirect is followed by another request.
    """
    if method != "GET":
        return f"a {method} request"
    if not 200 <= status < 300:
        return f"status {status}"
    return _non_page_reason(target)


def _non_page_reason(target: str) -> str | None:
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        return "a request without a path"
    if _MACHINE_FILE.match(path):
        return "a file for programs"
    if _FEED_PATH.search(path) or (query and _FEED_QUERY.search(query)):
        return "a feed"
    extension = _EXTENSION.search(path)
    kind = _KIND_OF_EXTENSION.get(extension[1].lower()) if extension else None
    return kind and f"{'an' if kind[0] in 'aeiouA' else 'a'} {kind}"
