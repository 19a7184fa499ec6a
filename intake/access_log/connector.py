"""Connector for web server logs: page views, one line in memory at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from intake.access_log.clients import UNKNOWN_CLIENT
from intake.access_log.formats import LogFormat
from intake.access_log.json_lines import unwrapped
from intake.access_log.ncsa import parse_line
from intake.access_log.other_formats import refusal
from intake.access_log.pages import non_view_reason, without_path_parameters
from intake.access_log.requests import Request
from intake.bots import is_bot
from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.domains import is_ip_address
from intake.files.text import ContentCounter, Line, numbered_lines
from intake.observation import Filtered, Item, Observation, Rejected

_ABSOLUTE_TARGET = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_MOST_UNFIT_LINES = 1_000
"""At the beginning of a file; after so many it is taken for another format."""
_LINES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Site:
    url: str
    """Without a slash at its end; empty if it is not known."""
    host: str | None

    def url_of(self, host: str | None, target: str) -> str:
        """The URL of a target that was asked of a host; the host is None if the log does not say it."""
        if host is None or (self.host is not None and host_key(host) == self.host):
            return self.url + target
        scheme = "http" if host.endswith(":80") else "https"
        return f"{scheme}://{host_key(host, with_www=True)}{target}"


def read(
    path: Path,
    *,
    site: str | None = None,
    name: str | None = None,
    log_format: LogFormat | None = None,
    budgets: Budgets = DEFAULT_BUDGETS,
) -> Iterator[Item]:
    """Page views `web.page_viewed.v1` of a log, in file order; other requests are filtered, bad lines rejected.

    `site` (`https://www.example.com`) makes URLs absolute. The source is `access-log/<name>`, else
    `access-log/<host of the site>`. Ids are derived from the content of a line, so that rotated, grown or copied logs
    yield the same ids. Rejected: `wrong_format` (the whole file) if no line fits, `bad_line`, `bad_time`, `no_zone`,
    `too_large`.
    """
    site_url = (site or "").rstrip("/")
    source = "/".join(["access-log", *filter(None, [name or urlsplit(site_url).netloc])])
    address = urlsplit(site_url if "://" in site_url else f"//{site_url}").netloc
    items = _items(path, _Site(site_url, host_key(address) if address else None), source, log_format, budgets)
    return _refused_if_nothing_fits(items, path, budgets)


def _refused_if_nothing_fits(items: Iterator[Item], path: Path, budgets: Budgets) -> Iterator[Item]:
    unfit: list[Item] = []
    for item in items:
        unfit.append(item)
        if not (isinstance(item, Rejected) and item.code == "bad_line"):
            break
        if len(unfit) == _MOST_UNFIT_LINES:
            yield _refusal(path, budgets)
            return
    else:
        if unfit:
            yield _refusal(path, budgets)
            return
    yield from unfit
    yield from items


def _refusal(path: Path, budgets: Budgets) -> Rejected:
    lines = (line.content for line in numbered_lines(path, budgets.access_log_line_bytes) if isinstance(line, Line))
    return Rejected(path.name, "wrong_format", refusal(path.name, list(islice(lines, _LINES_SHOWN))), whole=True)


def _items(path: Path, site: _Site, source: str, log_format: LogFormat | None, budgets: Budgets) -> Iterator[Item]:
    occurrences = ContentCounter()
    parse = parse_known_line if log_format is None else log_format.parse_line
    for line in numbered_lines(path, budgets.access_log_line_bytes, budgets=budgets):
        if isinstance(line, Rejected):
            yield line
            continue
        if not line.content:
            continue
        where = f"{path.name}:{line.number}"
        request = parse(line.content, where)
        if isinstance(request, Rejected):
            yield request
        else:
            yield _item(request, where, site, source, occurrences)


def parse_known_line(content: bytes, where: str) -> Request | Rejected:
    """A line in the NCSA formats, also inside the JSON that a container's log wraps around it."""
    if content.startswith(b"{") and (inner := unwrapped(content)) is not None:
        return parse_line(inner, where)
    return parse_line(content, where)


def is_log_line(content: bytes) -> bool:
    """Whether a line is one of a known format, as it may stand at the beginning of a file."""
    return isinstance(parse_known_line(content[: DEFAULT_BUDGETS.access_log_line_bytes], ""), Request)


def _item(request: Request, where: str, site: _Site, source: str, occurrences: ContentCounter) -> Item:
    host, target = _named_host(request.host), request.target
    if not target.startswith("/") and (absolute := _ABSOLUTE_TARGET.fullmatch(target)):
        target = absolute[3] if absolute[3].startswith("/") else f"/{absolute[3]}"
        if _is_other_host(absolute[2], host, site):
            return Filtered(where, "a request for another host")
    target = without_path_parameters(target)
    if why := non_view_reason(request.method, request.status, target):
        return Filtered(where, why)
    if request.client == UNKNOWN_CLIENT:
        return Filtered(where, "an unknown client")
    if request.client.host is not None and host_key(request.client.host) in {site.host, host and host_key(host)}:
        return Filtered(where, "our own host as client")
    id = occurrences.content_id(request.identity)
    return _page_view(request, site.url_of(host, target), where, source, id)


def _page_view(request: Request, url: str, where: str, source: str, id: str) -> Observation:
    client, agent = request.client, request.agent
    content: dict[str, Any] = {"url": url}
    if request.referrer:
        content["referrer"] = without_path_parameters(request.referrer)
    if agent is not None and is_bot(agent):
        content["bot"] = True
    return Observation(
        where=where,
        source=source,
        id=id,
        personal=("id",),  # the line that it is a hash of holds the address of the client
        former_id=id,
        type="web.page_viewed.v1",
        time=request.time,
        data=content,
        visitor=f"{client.name}|{agent or ''}",
        cookieless=True,
        host=client.host,
        ip=client.ip,
    )


def _is_other_host(asked: str, host: str | None, site: _Site) -> bool:
    """Whether a proxy was asked for another site; unknown if neither the log nor --site names our own host."""
    own = {site.host, host_key(host) if host else None} - {None}
    return bool(own) and host_key(asked) not in own


@lru_cache(maxsize=1_024)
def _named_host(host: str | None) -> str | None:
    """The host that the log names, unless it is a placeholder, an address, or a name without a domain."""
    name = host_key(host) if host else ""
    return host if "." in name and "*" not in name and not is_ip_address(name) else None


@lru_cache(maxsize=4_096)
def host_key(host: str, *, with_www: bool = False) -> str:
    """The host for comparison: without user, port, the last dot and `www.`, in lower case."""
    name = re.sub(r":\d+$", "", host.rpartition("@")[2]).rstrip(".").lower()
    return name if with_www else name.removeprefix("www.")
