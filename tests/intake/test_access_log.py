"""Page views in web server logs become observations; the rest is filtered with a reason, or rejected."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from intake import access_log
from intake.access_log import non_view_reason
from intake.bots import is_bot
from intake.observation import Filtered, Item, Observation, Rejected
from schemas.times import parse_time
from tests.requirements import real_data

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def line(
    request: str = "GET /pricing HTTP/1.1",
    *,
    client: str = "203.0.113.5",
    time: str = "05/Jan/2026:10:12:00 +0100",
    status: int = 200,
    referrer: str = "-",
    agent: str = FIREFOX,
) -> str:
    return f'{client} - - [{time}] "{request}" {status} 512 "{referrer}" "{agent}"'


def read(folder: Path, *lines: str, site: str | None = None, name: str | None = None) -> list[Item]:
    path = folder / "access.log"
    path.write_text("".join(f"{one}\n" for one in lines))
    return list(access_log.read(path, site=site, name=name))


def test_a_successful_get_of_a_page_is_a_page_view(tmp_path: Path) -> None:
    seen = line("GET /pricing?utm_source=news HTTP/1.1", referrer="https://search.example/")
    assert read(tmp_path, seen, site="https://www.example.com/") == [
        Observation(
            where="access.log:1",
            source="access-log/www.example.com",
            id="22536e41c266fa8cc2f6c6a8cdfe2078-1",
            type="web.page_viewed.v1",
            time=parse_time("2026-01-05T09:12:00.000Z"),
            data={
                "url": "https://www.example.com/pricing?utm_source=news",
                "referrer": "https://search.example/",
            },
            visitor=f"203.0.113.5|{FIREFOX}",
            ip="203.0.113.5",
        )
    ]


def test_a_client_with_a_name_shows_its_host(tmp_path: Path) -> None:
    (view,) = read(tmp_path, line(client="proxy.acme.example"), name="shop")
    assert isinstance(view, Observation)
    assert (view.host, view.ip, view.source) == ("proxy.acme.example", None, "access-log/shop")
    assert view.data == {"url": "/pricing"}


def test_the_common_format_has_no_user_agent_and_so_no_bots(tmp_path: Path) -> None:
    (view,) = read(tmp_path, '2001:db8::7 - ann [05/Jan/2026:09:12:00 +0000] "GET / HTTP/1.0" 200 -')
    assert isinstance(view, Observation)
    assert (view.data, view.ip, view.visitor) == ({"url": "/"}, "2001:db8::7", "2001:db8::7|")


def test_bots_are_observed_as_bots(tmp_path: Path) -> None:
    views = read(tmp_path, line(agent="Googlebot/2.1"), line(agent="-"), line(agent="Feedbin - 1 subscribers"))
    assert [view.data for view in views if isinstance(view, Observation)] == [{"url": "/pricing", "bot": True}] * 3


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, False),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1",
            False,
        ),
        ("", True),
        (" - ", True),
        ("Chef Client/10.18.2 (ruby-1.9.3-p327)", True),
        ("Tiny Tiny RSS/1.11 (http://tt-rss.org/)", True),
        ("Newsify/120 CFNetwork/672.0.8 Darwin/14.0.0", True),
        ("curl/8.5.0", True),
        ("x" * 1_000_000, False),
    ],
)
def test_a_bot_is_recognised_by_its_user_agent(agent: str, expected: bool) -> None:
    assert is_bot(agent) is expected


@pytest.mark.parametrize(
    ("method", "status", "target", "why"),
    [
        ("GET", 200, "/", None),
        ("GET", 200, "/blog/release-1.2", None),
        ("GET", 206, "/index.HTML?page=2", None),
        ("GET", 200, "/shop.php?id=7", None),
        ("HEAD", 200, "/", "a HEAD request"),
        ("POST", 200, "/", "a POST request"),
        ("GET", 301, "/", "status 301"),
        ("GET", 404, "/logo.png", "status 404"),
        ("GET", 200, "/logo.PNG?v=2", "an image"),
        ("GET", 200, "/a.css", "a style"),
        ("GET", 200, "/a.min.js", "a script"),
        ("GET", 200, "/a.woff2", "a font"),
        ("GET", 200, "/paper.pdf", "a document"),
        ("GET", 200, "/feed/", "a feed"),
        ("GET", 200, "/?flav=rss20", "a feed"),
        ("GET", 200, "/blog/index.xml", "a feed"),
        ("GET", 200, "/robots.txt", "a file for programs"),
        ("GET", 200, "/.well-known/security.txt", "a file for programs"),
        ("GET", 200, "/favicon.ico", "an image"),
        ("GET", 200, "/cart.json", "an API answer"),
        ("GET", 200, "", "a request without a path"),
    ],
)
def test_only_pages_are_viewed(method: str, status: int, target: str, why: str | None) -> None:
    assert non_view_reason(method, status, target) == why


def test_escapes_and_absolute_targets_are_understood(tmp_path: Path) -> None:
    views = read(
        tmp_path,
        line(agent=f'{FIREFOX} \\"odd\\"', referrer="http://\\xd0\\xbf.example/\\xe4"),
        line("GET http://www.example.com/about HTTP/1.1"),
        line("GET /a page with blanks HTTP/1.1"),
        line("GET /old"),
    )
    assert [view.data["url"] for view in views if isinstance(view, Observation)] == [
        "/pricing",
        "/about",
        "/a page with blanks",
        "/old",
    ]
    assert isinstance(views[0], Observation)
    assert views[0].data["referrer"] == "http://п.example/\\xe4"
    assert views[0].visitor == f'203.0.113.5|{FIREFOX} "odd"'


def test_a_bad_line_is_rejected_and_the_others_are_read(tmp_path: Path) -> None:
    items = read(
        tmp_path, line(), line()[:-9], "", line(time="31/Feb/2026:10:12:00 +0100"), line("-", status=408), line()
    )
    assert [(type(item).__name__, item.where) for item in items] == [
        ("Observation", "access.log:1"),
        ("Rejected", "access.log:2"),
        ("Rejected", "access.log:4"),
        ("Filtered", "access.log:5"),
        ("Observation", "access.log:6"),
    ]
    assert [item.code for item in items if isinstance(item, Rejected)] == ["bad_line", "bad_time"]
    assert items[2] == Rejected(
        "access.log:4",
        "bad_time",
        "not a time like [17/May/2015:10:05:03 +0000]: '31/Feb/2026:10:12:00 +0100'",
    )


def test_a_file_that_is_not_a_log_is_rejected_once(tmp_path: Path) -> None:
    (item,) = read(tmp_path, *["Dear diary,"] * 40)
    assert item == Rejected(
        "access.log",
        "wrong_format",
        "access.log is not an access log in NCSA combined or common format; "
        "access.log:1: not a line in the combined or common log format: 'Dear diary,'",
    )


def test_identical_lines_are_distinct_and_a_rotated_log_gives_the_same_ids(tmp_path: Path) -> None:
    first = [item.id for item in read(tmp_path, line(), line()) if isinstance(item, Observation)]
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(f"{line()}\r\n{line()}\r\n{line()}".encode()))
    again = [item.id for item in access_log.read(packed) if isinstance(item, Observation)]
    assert len(set(again)) == 3
    assert again[:2] == first


def test_a_line_of_common_format_that_was_still_being_written_keeps_its_id(tmp_path: Path) -> None:
    whole = '203.0.113.5 - - [05/Jan/2026:09:12:00 +0000] "GET / HTTP/1.0" 200 5120'
    ids = {item.id for text in (whole, whole[:-2]) for item in read(tmp_path, text) if isinstance(item, Observation)}
    assert len(ids) == 1


def test_the_real_log_is_accounted_for_to_the_last_line() -> None:
    items = list(access_log.read(real_data() / "access_log_elastic" / "apache_logs", site="http://semicomplete.com"))
    assert Counter(type(item) for item in items) == {Observation: 2822, Filtered: 7177, Rejected: 1}
    assert [item.where for item in items if isinstance(item, Rejected)] == ["apache_logs:8899"]
    views = [item for item in items if isinstance(item, Observation)]
    assert sum(view.data.get("bot", False) for view in views) == 1258
    assert len({view.id for view in views}) == 2822
    assert Counter(item.why for item in items if isinstance(item, Filtered)).most_common(3) == [
        ("an image", 3350),
        ("a style", 1390),
        ("a feed", 929),
    ]
