"""Fields before the client and after the browser: the client is found, and two clients never become one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.access_log.clients import Client
from intake.access_log.ncsa import parse_line
from intake.access_log.requests import Request
from intake.observation import Rejected
from tests.intake.access_log.log_lines import SITE, brief, clients, line, read, urls, views

CLIENTS = ["198.51.100.7", "2001:db8::7", "dsl-7.acme.example"]
PREFIXES = [
    "",
    "www.example.com:443 ",
    "www.example.com ",
    "*:80 ",
    "[2001:db8::80]:443 ",
    "Jan 15 09:12:00 web1 nginx: ",
    "Jan  5 09:12:00 web1 nginx[712]: ",
    "Jan 15 09:12:00 nginx: ",
    "<190>Jan 15 09:12:00 web1 nginx: ",
    "<190>1 2026-01-15T09:12:00.123Z web1 nginx 712 - - ",
    '<190>1 2026-01-15T09:12:00Z web1 nginx - access [origin ip="10.0.0.9" x="y"] ',
    "2026-01-15T09:12:00.123456+01:00 web1 nginx: ",
    "2026-01-15T09:12:00.123456789Z stdout F ",
    "2026-01-15T09:12:00.123456+00:00 app[web.1]: ",
    "2026-01-15T09:12:00.123Z ",
    "web-1  | ",
    "web-1  | 2026-01-15T09:12:00.123Z ",
    "[pod/web-7d4b9/nginx] ",
]


@pytest.mark.parametrize("number", ["0.123 ", "1767604320.123 "])
def test_a_number_before_the_client_is_no_virtual_host(tmp_path: Path, number: str) -> None:
    items = read(tmp_path, line(client="198.51.100.7", before=number), site=SITE)
    assert (clients(items), urls(items)) == (["198.51.100.7"], [f"{SITE}/pricing"])


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_client_is_found_behind_what_stands_before_it(tmp_path: Path, prefix: str, client: str) -> None:
    items = read(tmp_path, line(client=client, before=prefix), line(client="198.51.100.99", before=prefix), site=SITE)
    assert clients(items) == [client, "198.51.100.99"]
    assert len({view.visitor for view in views(items)}) == 2
    assert urls(items) == [f"{SITE}/pricing"] * 2


@pytest.mark.parametrize(
    ("before", "client"),
    [
        ("198.51.100.7, 10.0.0.5 - - ", "198.51.100.7"),
        ("198.51.100.7,10.0.0.5 - - ", "198.51.100.7"),
        ("198.51.100.7 , 10.0.0.5 - - ", "198.51.100.7"),
        ("10.0.0.5, 198.51.100.7, 10.0.0.6 - - ", "198.51.100.7"),
        ("10.0.0.5, 10.0.0.6 - - ", "10.0.0.5"),
        ("unknown, 198.51.100.7 - - ", "198.51.100.7"),
        ("10.0.0.5 (198.51.100.7) - - ", "198.51.100.7"),
        ("www.example.com - 198.51.100.7 - - ", "198.51.100.7"),
        ('"198.51.100.7, 10.0.0.5" - - ', "198.51.100.7"),
        ("198.51.100.7:51324 - - ", "198.51.100.7"),
        ("[2001:db8::7]:51324 - - ", "2001:db8::7"),
        ("[2001:db8::7] - - ", "2001:db8::7"),
        ("2001:db8::7%eth0 - - ", "2001:db8::7"),
        ("::ffff:198.51.100.7 - - ", "198.51.100.7"),
        ("for=198.51.100.7;proto=https - - ", "198.51.100.7"),
        ("www.example.com:443 198.51.100.7, 10.0.0.5 - - ", "198.51.100.7"),
        ("198.51.100.7, 10.0.0.5 10.0.0.9 - - ", "198.51.100.7"),
        ("- 198.51.100.7 - - ", "198.51.100.7"),
        ("198.51.100.7 www.example.com - - ", "198.51.100.7"),
        ("198.51.100.7:51324 www.example.com - - ", "198.51.100.7"),
        ("10.0.0.80:443 198.51.100.7 - - ", "198.51.100.7"),
        ("www.example.com 198.51.100.7 ann ann ", "198.51.100.7"),
        ("198.51.100.7 - Pat Lee ", "198.51.100.7"),
        ("198.51.100.7 ident ann ", "198.51.100.7"),
        ("198.51.100.7 - ", "198.51.100.7"),
        ("edge7 shop 198.51.100.7 - - ", "198.51.100.7"),
    ],
)
def test_the_client_of_lists_ports_brackets_and_users(tmp_path: Path, before: str, client: str) -> None:
    log = line().replace("203.0.113.5 - - ", before)
    assert clients(read(tmp_path, log, line(), site=SITE)) == [client, "203.0.113.5"]


@pytest.mark.parametrize(
    "before",
    [
        "Jan fifth web1 dsl.acme.example - - ",
        "198.51.100.7 198.51.100.8 - - ",
        "one two three four ",
        "nginx: - - ",
        "",
        "- ",
    ],
)
def test_a_client_that_is_not_clear_is_not_guessed(tmp_path: Path, before: str) -> None:
    items = read(tmp_path, line(), line().replace("203.0.113.5 - - ", before))
    why = (
        "not a line in the combined or common log format: "
        "it is not clear which field before the time is the client; name the format"
    )
    assert items[1:] == [Rejected("access.log:2", "bad_line", why)]


@pytest.mark.parametrize(
    "after",
    [
        ' "198.51.100.7"',
        ' "198.51.100.7, 10.0.0.5" 0.012 0.011 .',
        " 0.012",
        ' "-" rt=0.012 uct="0.000" uht="0.012" urt="0.012"',
        ' "a \\"quoted\\" field" 17',
        " -",
    ],
)
def test_fields_after_the_browser_are_ignored(tmp_path: Path, after: str) -> None:
    plain, extended = line(), line(client="10.0.0.5", after=after)
    assert clients(read(tmp_path, plain, extended)) == ["203.0.113.5", "10.0.0.5"]


@pytest.mark.parametrize(
    "log_line",
    [
        line(client="198.51.100.7").replace(" - - ", " www.example.com - "),
        line(client="198.51.100.7").replace(" - - ", " - [198.51.100.7] - - "),
        line(client="198.51.100.7", after=" 512 0.012 [shop-web-80] [] 10.0.0.9:8080 1024 0.012 200 4f2a"),
        line(client="198.51.100.7", after=' 17 "web@docker" "http://10.0.0.9:80" 12ms'),
        line(client="198.51.100.7", time="05/Jan/2026:10:12:00.123 +0100"),
    ],
    ids=["lighttpd", "ingress-nginx before 0.24", "ingress-nginx", "Traefik", "fractions of seconds"],
)
def test_formats_of_other_servers(tmp_path: Path, log_line: str) -> None:
    assert clients(read(tmp_path, log_line, site=SITE)) == ["198.51.100.7"]


def test_a_line_keeps_its_id_while_the_fields_after_the_browser_are_being_written(tmp_path: Path) -> None:
    whole = line(after=' "198.51.100.7" 0.012')
    ids = {view.id for cut in (None, -3, -6, -9, -21) for view in views(read(tmp_path, whole[:cut]))}
    assert len(ids) == 1


@pytest.mark.parametrize("cut", [-1, -30, -75, -85])
def test_a_line_that_is_cut_before_the_end_of_the_browser_is_rejected(tmp_path: Path, cut: int) -> None:
    assert brief(read(tmp_path, line(), line()[:cut])) == ["/pricing", "bad_line"]


def test_plain_quotes_in_a_browser_are_rejected_and_not_read_by_halves(tmp_path: Path) -> None:
    items = read(tmp_path, line(), line(agent='Mozilla/5.0 "X" Gecko'), line(agent='Mozilla/5.0 " X" Gecko'))
    assert brief(items) == ["/pricing", "bad_line", "bad_line"]


@pytest.mark.parametrize("key", ["log", "MESSAGE", "message"])
def test_lines_that_a_container_wraps_in_json_are_unwrapped(tmp_path: Path, key: str) -> None:
    wrapped = json.dumps({key: f"{line()}\n", "stream": "stdout", "time": "2026-01-05T09:12:00Z"})
    assert views(read(tmp_path, wrapped)) == views(read(tmp_path, line()))


def test_the_host_of_another_site_of_ours_makes_the_address_of_the_page(tmp_path: Path) -> None:
    hosts = [
        "www.example.com:443",
        "example.com:443",
        "blog.example.com:443",
        "shop.example.com:80",
        "_:80",
        "10.0.0.9:80",
    ]
    items = read(tmp_path, *(line(before=f"{host} ") for host in hosts), site=SITE)
    assert urls(items) == [
        f"{SITE}/pricing",
        f"{SITE}/pricing",
        "https://blog.example.com/pricing",
        "http://shop.example.com/pricing",
        f"{SITE}/pricing",
        f"{SITE}/pricing",
    ]


def test_a_proxy_request_for_another_host_is_filtered(tmp_path: Path) -> None:
    requests = [
        "http://other.example/judge.php",
        "http://www.example.com/a",
        "http://EXAMPLE.com:80/b",
        "http://example.com",
    ]
    lines = [line(f"GET {target} HTTP/1.1") for target in requests]
    expected = ["a request for another host", f"{SITE}/a", f"{SITE}/b", f"{SITE}/"]
    assert brief(read(tmp_path, *lines, site=SITE)) == expected
    by_virtual_host = [line(f"GET {target} HTTP/1.1", before="www.example.com:443 ") for target in requests]
    assert brief(read(tmp_path, *by_virtual_host)) == [
        text.replace(SITE, "https://www.example.com") for text in expected
    ]


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_around_a_line_is_read_or_rejected(before: str, after: str) -> None:
    parsed = parse_line(line(before=before, after=after).encode(), "a.log:1")
    assert isinstance(parsed, Request | Rejected)


@given(st.text(alphabet='ab1.:-, []"\\/', max_size=40))
def test_a_client_is_never_made_of_two(prefix: str) -> None:
    """Whatever stands before two lines, their clients stay apart, or the lines are rejected."""
    parsed = [
        parse_line(line(client=client, before=f"{prefix} ").encode(), "a.log:1")
        for client in ("198.51.100.7", "198.51.100.8")
    ]
    named = [request.client for request in parsed if isinstance(request, Request) and request.client != Client()]
    assert len(set(named)) == len(named)
