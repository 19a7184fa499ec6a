"""The web server's log: visits by company address or host name, strangers, crawlers, errors. It shows no persons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from examples.medtech.dice import Dice
from examples.medtech.story import YEAR_BEGINS, YEAR_ENDS, Scene, Story, offset

NOTICE = '192.0.2.1 - - [03/Nov/2025:00:00:00 +0000] "GET /all-of-this-is-synthetic.txt HTTP/1.1" 404 0 "-" "-"'

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
)
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "curl/8.5.0",
    "python-requests/2.32.3",
)
PAGES = (
    "/",
    "/products/steriflow",
    "/products/lumatrace",
    "/references",
    "/service",
    "/news",
    "/about",
    "/contact",
    "/pricing",
)
FILES = ("/assets/site.css", "/assets/site.js", "/images/logo.svg", "/images/steriflow.png", "/fonts/text.woff2")
MISTAKES = (("/wp-login.php", 404), ("/products/sterilflow", 404), ("/old/index.html", 301), ("/api/quote", 500))
NETWORKS = {
    "alvarin-pharma.example": "198.51.100.{}",
    "helvion.example": "198.51.100.6{}",
    "medisept-systems.example": "2001:db8:40::{}",
}
"""The first addresses of the networks in networks.csv."""


@dataclass(frozen=True, slots=True)
class Request:
    at: datetime
    host: str
    page: str
    agent: str
    status: int = 200
    size: int = 5120
    referrer: str = "-"

    def line(self) -> str:
        size = self.size or "-"
        stamp = f"{self.at:%d}/{MONTHS[self.at.month - 1]}/{self.at:%Y:%H:%M:%S} +0000"
        request = f"GET {self.page} HTTP/1.1"
        return f'{self.host} - - [{stamp}] "{request}" {self.status} {size} "{self.referrer}" "{self.agent}"'


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not `%b`, which depends on the locale."""


def access_log(story: Story) -> str:
    """The whole log by time, in the combined format."""
    requests = [*_scenes(story), *_company_noise(story), *_strangers(story), *_crawlers(), *_mistakes()]
    lines = [request.line() for request in sorted(requests, key=lambda r: (r.at, r.host, r.page))]
    return "\n".join([NOTICE, *lines]) + "\n"


def _scenes(story: Story) -> Iterator[Request]:
    for scene in story.scenes("network", "gateway"):
        dice = Dice(f"log/{scene.account}/{scene.at:%Y%m%d}")
        yield from _visit(dice, story.domain, scene.at, _host(scene, dice), scene.what.split())


def _host(scene: Scene, dice: Dice) -> str:
    if scene.does == "gateway":
        return f"proxy.{scene.account}"
    return NETWORKS[scene.account].format(dice.between(1, 3) + 4)


def _visit(dice: Dice, domain: str, at: datetime, host: str, pages: list[str]) -> Iterator[Request]:
    """One page after the other, each with the files that a browser fetches with it."""
    agent = dice.pick(BROWSERS)
    referrer = dice.pick(("-", "https://search.example/", "-"))
    for page in pages:
        yield Request(at, host, page, agent, size=dice.between(3_000, 40_000), referrer=referrer)
        referrer = f"https://www.{domain}{page}"
        for _ in range(dice.below(3)):
            file = dice.pick(FILES)
            yield Request(offset(at, 1), host, file, agent, size=dice.between(900, 90_000), referrer=referrer)
        at = offset(at, dice.between(20, 150))


def _company_noise(story: Story) -> Iterator[Request]:
    """Background: occasional page views from a company's gateway."""
    for account in story.accounts:
        dice = Dice(f"log/companies/{account.id}")
        for _ in range(dice.between(1, 4) if account.kind != "other" else 0):
            at = dice.moment(YEAR_BEGINS, YEAR_ENDS)
            pages = [dice.pick(PAGES[:-1]) for _ in range(dice.between(1, 3))]
            yield from _visit(dice, story.domain, at, f"gw{dice.between(1, 2)}.{account.id}", pages)


def _strangers(story: Story) -> Iterator[Request]:
    """Visitors of whom the log shows only a provider's address."""
    dice = Dice("log/strangers")
    for _ in range(220):
        host = dice.pick((f"203.0.113.{dice.between(1, 60)}", f"192.0.2.{dice.between(10, 50)}"))
        pages = [dice.pick(PAGES) for _ in range(dice.between(1, 4))]
        yield from _visit(dice, story.domain, dice.moment(YEAR_BEGINS, YEAR_ENDS), host, pages)


def _crawlers() -> Iterator[Request]:
    dice = Dice("log/crawlers")
    for _ in range(70):
        agent, at = dice.pick(CRAWLERS), dice.moment(YEAR_BEGINS, YEAR_ENDS)
        host = f"198.51.100.{dice.between(200, 230)}"
        for second in range(dice.between(2, 6)):
            yield Request(offset(at, second), host, dice.pick(PAGES), agent, size=dice.between(3_000, 40_000))


def _mistakes() -> Iterator[Request]:
    dice = Dice("log/mistakes")
    for _ in range(40):
        page, status = dice.pick(MISTAKES)
        host = f"203.0.113.{dice.between(100, 140)}"
        yield Request(dice.moment(YEAR_BEGINS, YEAR_ENDS), host, page, dice.pick(BROWSERS), status=status, size=0)
