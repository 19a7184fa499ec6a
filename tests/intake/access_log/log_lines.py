"""Builders of log lines, and short descriptions of what was read."""

from pathlib import Path
from typing import Any

from intake import access_log
from intake.observation import Filtered, Item, Observation, Rejected

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SITE = "https://www.example.com"


def line(
    request: str = "GET /pricing HTTP/1.1",
    *,
    client: str = "203.0.113.5",
    time: str = "05/Jan/2026:10:12:00 +0100",
    status: int = 200,
    referrer: str = "-",
    agent: str = FIREFOX,
    before: str = "",
    after: str = "",
) -> str:
    """A line in combined format, with text before and after it."""
    return f'{before}{client} - - [{time}] "{request}" {status} 512 "{referrer}" "{agent}"{after}'


def read(folder: Path, *lines: str, **options: Any) -> list[Item]:
    path = folder / "access.log"
    path.write_text("".join(f"{one}\n" for one in lines))
    return list(access_log.read(path, **options))


def views(items: list[Item]) -> list[Observation]:
    return [item for item in items if isinstance(item, Observation)]


def clients(items: list[Item]) -> list[str]:
    """Whom the views are credited to, by IP address or host name."""
    return [view.ip or view.host or "" for view in views(items)]


def urls(items: list[Item]) -> list[str]:
    return [view.data["url"] for view in views(items)]


def brief(items: list[Item]) -> list[str]:
    """Each item in a word: the URL of a view, why it was filtered, the code of a rejection."""
    return [
        item.data["url"] if isinstance(item, Observation) else item.why if isinstance(item, Filtered) else item.code
        for item in items
    ]


def rejection(items: list[Item]) -> Rejected:
    (item,) = items
    assert isinstance(item, Rejected)
    return item
