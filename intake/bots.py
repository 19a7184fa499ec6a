"""Which user agents are programs. Judges by the name alone; never by what a visitor did."""

import re
from functools import cache, lru_cache

from crawlerdetect import CrawlerDetect

_EXTRA_BOTS = re.compile(
    # What crawlerdetect lets pass: feed readers, monitors, package builders, link previews, bare libraries.
    r"\b(?:CFNetwork/|Dalvik/|okhttp|feed|rss|newsify|newsblur|inoreader|subscribers\b|monitor|uptime|pingdom|statuscake|"
    r"site24x7|zabbix|nagios|datadog|newrelic|chef client|puppet|ansible|portscout|distilator|IrssiUrlLog|den\.im|"
    r"headless|phantomjs|selenium|playwright|puppeteer|lighthouse|python|java/|go-http|curl/|wget/|libwww|axios|node)",
    re.IGNORECASE,
)
_MAX_LENGTH = 2_000


@lru_cache(maxsize=65_536)
def is_bot(user_agent: str) -> bool:
    """Whether a program sent this user agent. An empty one, or `-` as logs write it, is a program's."""
    name = user_agent.strip()[:_MAX_LENGTH]
    return name in ("", "-") or _EXTRA_BOTS.search(name) is not None or bool(_crawler_detector().is_crawler(name))


@cache
def _crawler_detector() -> CrawlerDetect:
    return CrawlerDetect()
