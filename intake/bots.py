"""Detection of bots by their user agent alone, without regard to behaviour."""

import re
from functools import cache, lru_cache

from crawlerdetect import CrawlerDetect

_EXTRA_BOTS = re.compile(
    # Not known to crawlerdetect: feed readers, monitors, package builders, link previews, HTTP libraries.
    r"\b(?:CFNetwork/|Dalvik/|okhttp|feed|rss|newsify|newsblur|inoreader|subscribers\b|monitor|uptime|pingdom|statuscake|"
    r"site24x7|zabbix|nagios|datadog|newrelic|chef client|puppet|ansible|portscout|distilator|IrssiUrlLog|den\.im|"
    r"headless|phantomjs|selenium|playwright|puppeteer|lighthouse|python|java/|go-http|curl/|wget/|libwww|axios|node)",
    re.IGNORECASE,
)
_MAX_LENGTH = 2_000


@lru_cache(maxsize=65_536)
def is_bot(user_agent: str) -> bool:
    """Whether the user agent is a bot's. An empty one, or `-` as in logs, counts as a bot's."""
    name = user_agent.strip()[:_MAX_LENGTH]
    return name in ("", "-") or _EXTRA_BOTS.search(name) is not None or bool(_crawler_detector().is_crawler(name))


@cache
def _crawler_detector() -> CrawlerDetect:
    return CrawlerDetect()
