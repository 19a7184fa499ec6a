"""Formats that somebody names: by name, by the servers' own format strings, by a mapping of JSON."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.access_log import LogFormat, parse_format
from intake.access_log.requests import instant_of
from intake.observation import Item, Observation, Rejected
from schemas.times import parse_time
from tests.intake.access_log.log_lines import FIREFOX, brief, line, read, rejection, views

NINE_TWELVE = parse_time("2026-01-05T09:12:00.000Z")
XFF_LINE = line(client="10.0.0.5", after=' "198.51.100.7, 10.0.0.6"')
CADDY = {
    "ts": 1767604320.25,
    "request": {
        "remote_ip": "10.0.0.5",
        "client_ip": "198.51.100.7",
        "method": "GET",
        "host": "www.example.com",
        "uri": "/pricing?a=1",
        "headers": {"User-Agent": [FIREFOX], "Referer": ["https://search.example/"]},
    },
    "status": 200,
}
TRAEFIK = {
    "ClientHost": "198.51.100.7",
    "StartUTC": "2026-01-05T09:12:00.123456789Z",
    "RequestMethod": "GET",
    "RequestPath": "/pricing?a=1",
    "RequestHost": "www.example.com",
    "DownstreamStatus": 200,
    "request_User-Agent": FIREFOX,
}


def read_as(folder: Path, text: str, *lines: str) -> list[Item]:
    log_format = parse_format(text)
    assert isinstance(log_format, LogFormat), log_format
    return read(folder, *lines, log_format=log_format)


def read_one(folder: Path, text: str, log_line: str) -> Observation:
    (view,) = views(read_as(folder, text, log_line))
    return view


@pytest.mark.parametrize(
    ("text", "log_line", "client"),
    [
        ("combined", line(), "203.0.113.5"),
        ("common", '203.0.113.5 - ann [05/Jan/2026:10:12:00 +0100] "GET /pricing HTTP/1.1" 200 -', "203.0.113.5"),
        ("vhost_combined", line(before="www.example.com:443 "), "203.0.113.5"),
        ("main", XFF_LINE, "198.51.100.7"),
        ("main", line(after=' "198.51.100.7"'), "203.0.113.5"),
        ("main", line(client="10.0.0.5", after=' "-"'), "10.0.0.5"),
        ('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i" %D', line(after=" 1234"), "203.0.113.5"),
        (
            'LogFormat "%{X-Forwarded-For}i %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" proxied',
            line(client="198.51.100.7, 10.0.0.5"),
            "198.51.100.7",
        ),
        ('%{CF-Connecting-IP}i %h %l %u %t "%r" %>s', '198.51.100.7 203.0.113.5 - - [05/Jan/2026:10:12:00 +0100] '
         '"GET /pricing HTTP/1.1" 200', "198.51.100.7"),
        ('%v %a %{%Y-%m-%dT%H:%M:%S%z}t %m %U%q %s', "www.example.com 203.0.113.5 2026-01-05T10:12:00+0100 "
         "GET /pricing?a=1 200", "203.0.113.5"),
        ("%h %{msec}t %m %U %s", "203.0.113.5 1767604320000 GET /pricing 200", "203.0.113.5"),
        (
            "log_format timed '$remote_addr - $remote_user [$time_iso8601] '\n  '\"$request\" $status $request_time "
            "\"$http_user_agent\"';",
            f'203.0.113.5 - Pat Lee [2026-01-05T10:12:00+01:00] "GET /pricing HTTP/2.0" 200 0.012 "{FIREFOX}"',
            "203.0.113.5",
        ),
        (
            '{"time":"$msec","ip":"$remote_addr","uri":"$request_uri","status":"$status","ua":"$http_user_agent"}',
            f'{{"time":"1767604320.000","ip":"203.0.113.5","uri":"/pricing","status":"200","ua":"{FIREFOX}"}}',
            "203.0.113.5",
        ),
        ("$remote_addr $msec $request_method $uri$is_args$args $status",
         "203.0.113.5 1767604320.000 GET /pricing?a=1 200", "203.0.113.5"),
        ("caddy", json.dumps(CADDY), "198.51.100.7"),
        ("traefik", json.dumps(TRAEFIK), "198.51.100.7"),
        (
            "json:client=ip,time=at,request=req,status=code",
            '{"ip":"203.0.113.5:4711","at":"05/Jan/2026:10:12:00 +0100","req":"GET /pricing HTTP/1.1","code":200}',
            "203.0.113.5",
        ),
    ],
)  # fmt: skip
def test_a_format_names_client_time_and_page(tmp_path: Path, text: str, log_line: str, client: str) -> None:
    view = read_one(tmp_path, text, log_line)
    page = view.data["url"].removeprefix("https://www.example.com").partition("?")[0]
    assert (view.ip, page, view.time // 1000) == (client, "/pricing", NINE_TWELVE // 1000)


@pytest.mark.parametrize(("text", "log_line"), [("combined", line()), ("main", XFF_LINE)])
def test_a_line_has_the_same_id_with_and_without_its_format(tmp_path: Path, text: str, log_line: str) -> None:
    (known,) = views(read(tmp_path, log_line))
    assert read_one(tmp_path, text, log_line).id == known.id


def test_a_line_of_another_format_than_the_named_one_is_rejected(tmp_path: Path) -> None:
    items = read_as(tmp_path, "vhost_combined", line(before="www.example.com:443 "), "something else")
    assert brief(items) == ["https://www.example.com/pricing", "bad_line"]


def test_a_file_that_does_not_have_the_named_format_is_refused_whole(tmp_path: Path) -> None:
    assert rejection(read_as(tmp_path, "caddy", line(), line())).whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "neither a known name"),
        ('%h "%r" %>s', "has no field for the time"),
        ("$time_local $request $status", "has no field for the client"),
        ("json:client=ip,time=ts,request=r", "has no field for the status"),
        ("json:client=ip,when=ts", "maps 'when'; the fields are agent, client, "),
        ("json:client", "maps 'client'; the fields are agent, client, "),
    ],
)
def test_a_format_that_cannot_be_used_is_told(text: str, why: str) -> None:
    refused = parse_format(text)
    assert isinstance(refused, Rejected)
    assert (refused.code, why in refused.why) == ("bad_format", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("05/Jan/2026:10:12:00 +0100", NINE_TWELVE),
        ("[05/Jan/2026:10:12:00 +0100]", NINE_TWELVE),
        ("2026-01-05T09:12:00Z", NINE_TWELVE),
        ("2026-01-05 10:12:00,250+01:00", NINE_TWELVE + 250),
        ("1767604320", NINE_TWELVE),
        ("1767604320.25", NINE_TWELVE + 250),
        ("1767604320250", NINE_TWELVE + 250),
        ("1767604320250999", NINE_TWELVE + 250),
        ("1767604320250999999", NINE_TWELVE + 250),
        ("2026-01-05T09:12:00", "no_zone"),
        ("31/Feb/2026:10:12:00 +0100", "bad_time"),
        ("yesterday", "bad_time"),
        ("", "bad_time"),
    ],
)
def test_times_as_servers_write_them(text: str, expected: int | str) -> None:
    instant = instant_of(text, "a.log:1")
    assert (instant.code if isinstance(instant, Rejected) else instant) == expected


@given(st.text(max_size=80))
def test_any_text_is_a_format_or_is_told(text: str) -> None:
    assert isinstance(parse_format(text), LogFormat | Rejected)


@given(st.sampled_from(["main", "caddy", "traefik", "$remote_addr $msec $request $status"]), st.binary(max_size=200))
def test_any_line_is_read_or_rejected(text: str, content: bytes) -> None:
    log_format = parse_format(text)
    assert isinstance(log_format, LogFormat)
    log_format.parse_line(content, "a.log:1")
