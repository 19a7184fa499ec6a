"""Logs as servers, proxies and log systems write them, each with what is right."""

from pathlib import Path

import pytest

from intake import access_log
from intake.observation import Item
from tests.intake.access_log.log_lines import brief, clients, rejection, urls, views

SAMPLES = Path(__file__).parents[2] / "samples" / "access_logs"
SITE = "https://www.ourshop.example"


def sample(name: str, site: str = SITE) -> list[Item]:
    return list(access_log.read(SAMPLES / f"{name}.log", site=site))


@pytest.mark.parametrize("name", ["vhost-combined", "syslog-prefix"])
def test_a_field_before_the_client_leaves_two_visitors(name: str) -> None:
    assert clients(sample(name)) == ["198.51.100.7", "203.0.113.9"]
    assert len({view.visitor for view in views(sample(name))}) == 2


def test_the_first_of_a_list_of_addresses_is_the_client() -> None:
    assert clients(sample("xff-list")) == ["198.51.100.7"] * 2
    assert len({view.visitor for view in views(sample("xff-list"))}) == 1


def test_the_extra_field_of_nginx_main_is_ignored() -> None:
    assert clients(sample("nginx-main-xff")) == ["10.0.0.5"]


def test_a_page_from_the_cache_of_the_browser_is_a_view() -> None:
    assert urls(sample("status-304")) == [f"{SITE}/pricing"] * 2


def test_a_request_for_another_host_is_filtered() -> None:
    assert brief(sample("other-host")) == [
        "a request for another host",
        f"{SITE}/pricing",
        f"{SITE}//xmlrpc.php?rsd",
        f"{SITE}/",
    ]


def test_damaged_and_odd_lines() -> None:
    assert brief(sample("garbage")) == [
        "a request of an unknown method",
        "a request of an unknown method",
        f"{SITE}/a",
        f"{SITE}/b",
        "bad_line",
        f'{SITE}/d?q="x"',
        f"{SITE}/preiße/münchen",
        f"{SITE}/e",
        f"{SITE}/f",
        f"{SITE}/g h.html",
        "bad_line",
        f"{SITE}/j.html",
        "an image",
    ]


def test_programs_are_bots_and_a_phone_is_a_person() -> None:
    assert [view.data.get("bot", False) for view in views(sample("agents"))] == [True, True, True, False, True, True]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("iis_w3c", "it looks like W3C extended (IIS, CloudFront); known are common, combined, "),
        ("elb", "it looks like a load balancer of AWS (ALB); known are common, combined, "),
        (
            "json",
            "it looks like JSON lines with the keys time_local, remote_addr, request, status; name its fields, for "
            "example --format json:client=remote_addr,time=time_local,request=request,status=status; known are ",
        ),
    ],
)
def test_a_log_of_another_format_is_refused_whole_with_what_was_seen(name: str, seen: str) -> None:
    refused = rejection(sample(name))
    assert (refused.where, refused.code, refused.whole) == (f"{name}.log", "wrong_format", True)
    assert refused.why.startswith(f"{name}.log holds no line of a known format: {seen}")


def test_the_example_that_a_refusal_gives_reads_the_log() -> None:
    named = rejection(sample("json")).why.partition("--format ")[2].partition(";")[0]
    log_format = access_log.parse_format(named)
    assert isinstance(log_format, access_log.LogFormat)
    items = list(access_log.read(SAMPLES / "json.log", site=SITE, log_format=log_format))
    assert brief(items) == [f"{SITE}/pricing"] * 3
