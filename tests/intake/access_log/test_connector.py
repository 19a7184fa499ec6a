"""Page views in web server logs become observations; the rest is filtered with a reason, or rejected."""

import gzip
from collections import Counter
from pathlib import Path

from intake import access_log
from intake.budgets import Budgets
from intake.observation import Filtered, Observation, Rejected
from schemas.times import parse_time
from tests.intake.access_log.log_lines import FIREFOX, brief, line, read
from tests.requirements import real_data

NOT_A_LINE = "not a line in the combined or common log format"


def test_a_successful_get_of_a_page_is_a_page_view(tmp_path: Path) -> None:
    seen = line("GET /pricing?utm_source=news HTTP/1.1", referrer="https://search.example/")
    assert read(tmp_path, seen, site="https://www.example.com/") == [
        Observation(
            where="access.log:1",
            source="access-log/www.example.com",
            id="22536e41c266fa8cc2f6c6a8cdfe2078-1",
            personal=("id",),
            former_id="22536e41c266fa8cc2f6c6a8cdfe2078-1",
            type="web.page_viewed.v1",
            time=parse_time("2026-01-05T09:12:00.000Z"),
            data={
                "url": "https://www.example.com/pricing?utm_source=news",
                "referrer": "https://search.example/",
            },
            visitor=f"203.0.113.5|{FIREFOX}",
            cookieless=True,
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


def test_a_line_that_is_too_long_costs_only_itself(tmp_path: Path) -> None:
    items = read(tmp_path, line(), line(agent="a " * 10_000), line())
    assert brief(items) == ["/pricing", "too_large", "/pricing"]
    assert items[1] == Rejected("access.log:2", "too_large", "longer than 16,384 bytes")


def test_the_longest_lines_of_a_log_are_set_by_its_budget(tmp_path: Path) -> None:
    assert brief(read(tmp_path, line(), line(agent="a" * 300), budgets=Budgets(access_log_line_bytes=200))) == [
        "/pricing",
        "too_large",
    ]


def test_a_rejection_does_not_repeat_the_line(tmp_path: Path) -> None:
    items = read(tmp_path, line(), "pat@acme.example 203.0.113.9 secret=abc", 'x - - [05/Jan/2026:10:12:00 +0100] "GET')
    assert [item.why for item in items if isinstance(item, Rejected)] == [
        f"{NOT_A_LINE}: no time like [17/May/2015:10:05:03 +0000]",
        f"{NOT_A_LINE}: no quoted request and status after the time",
    ]


def test_an_unknown_client_is_nobody(tmp_path: Path) -> None:
    items = read(tmp_path, line(), line(client="-"), line(client="unknown"), line(client="unix:"))
    assert brief(items) == ["/pricing", *["an unknown client"] * 3]


def test_our_own_host_is_no_client(tmp_path: Path) -> None:
    items = read(tmp_path, line(), line(client="www.example.com"), site="https://example.com")
    assert brief(items) == ["https://example.com/pricing", "our own host as client"]


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
    assert Counter(type(item) for item in items) == {Observation: 2874, Filtered: 7125, Rejected: 1}
    assert [item.where for item in items if isinstance(item, Rejected)] == ["apache_logs:8899"]
    views = [item for item in items if isinstance(item, Observation)]
    assert sum(view.data.get("bot", False) for view in views) == 1302
    assert len({view.id for view in views}) == 2874
    assert Counter(item.why for item in items if isinstance(item, Filtered)).most_common(3) == [
        ("an image", 3553),
        ("a style", 1471),
        ("a feed", 935),
    ]
