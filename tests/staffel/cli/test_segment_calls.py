"""Calls of Segment, from the file to the accounts: who acted, and what an account shows of it."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, run_json, run_ok, write_lines


def calls(*bodies: Json) -> Path:
    """A file of calls, a minute apart."""
    timed = (
        {"messageId": str(minute), "timestamp": f"2026-01-05T09:{minute:02}:00Z"} | body
        for minute, body in enumerate(bodies)
    )
    return write_lines(Path("calls.jsonl"), *map(json.dumps, timed))


def ingest(*bodies: Json) -> Json:
    return run_json("ingest", "segment", calls(*bodies), "--name", "web")


def page(**fields: Json) -> Json:
    return {"type": "page", "properties": {"url": "https://www.ours.example/pricing"}} | fields


def identify(person: str, email: str, **fields: Json) -> Json:
    return {"type": "identify", "userId": person, "traits": {"email": email}} | fields


def events(account: str) -> list[str]:
    """The types of the facts that count for the account, by time."""
    lines = run_json("account", account, "--explain")["lines"]
    return [type_ for _, type_ in sorted({(line["time"], line["type"]) for line in lines})]


def accounts() -> list[str]:
    return sorted(row["account"] for row in run_json("accounts"))


def test_an_invitation_counts_for_the_one_who_invites() -> None:
    invited = {"type": "track", "event": "Teammate Invited"}
    ingest(
        identify("u1", "pat@acme.example", anonymousId="an1"),
        invited | {"userId": "u1", "properties": {"email": "kim@beta.example"}},
        invited | {"userId": "u2", "properties": {"email": "lee@gamma.example"}},
        identify("u2", "sam@delta.example"),
        page(userId="u2"),
    )
    assert accounts() == ["acme.example", "delta.example"]
    assert "web.page_viewed" in events("delta.example")


def test_links_made_before_the_address_is_known_hold_once_it_is() -> None:
    ingest(
        page(anonymousId="an1"),
        {"type": "alias", "previousId": "an1", "userId": "u1"},
        page(userId="u1"),
        identify("u1", "pat@acme.example"),
    )
    assert events("acme.example").count("web.page_viewed") == 2


def test_views_before_and_after_group_alias_and_identify_count_for_the_company() -> None:
    group = {"name": "Acme GmbH", "website": "https://www.acme.example/de", "employees": "120"}
    signed_up = {"type": "track", "userId": "u1", "event": "Signed Up", "context": {"groupId": "g1"}, "messageId": "x"}
    tally = ingest(
        page(anonymousId="an1"),
        {"type": "group", "userId": "u1", "anonymousId": "an1", "groupId": "g1", "traits": group},
        {"type": "alias", "previousId": "an1", "userId": "u1"},
        identify("u1", "pat@gmail.com", context={"groupId": "g1"}),
        signed_up,
        signed_up,
        page(userId="u1", anonymousId="an2"),
    )
    assert (tally["recorded"], tally["duplicates"]) == (6, 1)
    assert accounts() == ["acme.example"]
    assert events("acme.example").count("web.page_viewed") == 2


def test_relays_and_mailboxes_of_everybody_make_no_account() -> None:
    everybody = """privaterelay.appleid.com relay.mozmail.com duck.com users.noreply.github.com softbank.ne.jp
    i.softbank.jp ezweb.ne.jp docomo.ne.jp naver.com bluewin.ch telenet.be hey.com pm.me passmail.net kpnmail.nl
    tutamail.com mailbox.org""".split()
    tenants = ["acme.onmicrosoft.com", "beta.onmicrosoft.com"]
    ingest(*(identify(f"u{n}", f"pat@{domain}") for n, domain in enumerate([*everybody, *tenants])))
    assert accounts() == tenants


def test_a_company_told_by_segment_and_by_a_crm_is_told_alike() -> None:
    run_ok("ingest", "accounts", write_lines(
        Path("accounts.csv"), "Name,Website,Country,Number of employees", "Beta AG,beta.example,Germany,201-500"
    ))  # fmt: skip
    traits = {"name": "Acme", "website": "https://acme.example", "address": {"country": "Germany"}}
    figures = {"employees": "201-500", "annualRevenue": "1,200,000"}
    gamma = {"name": "Gamma", "website": "https://gamma.example", "country": "DE", "employees": "1,200"}
    ingest(
        {"type": "group", "userId": "u1", "groupId": "g1", "traits": traits | figures},
        {"type": "group", "userId": "u1", "groupId": "g2", "traits": gamma},
    )
    profiles = {name: run_json("account", f"{name}.example")["profile"] for name in ("beta", "acme", "gamma")}
    assert [(told.get("country"), told.get("employees"), told.get("revenue")) for told in profiles.values()] == [
        ("DE", 201, None),
        ("DE", 201, 1_200_000),
        ("DE", 1_200, None),
    ]


def test_no_address_and_no_session_of_a_path_is_recorded() -> None:
    urls = {
        "/unsubscribe/pat%40acme.example/ok": "/unsubscribe/[address]/ok",
        "/u/pat@acme.example": "/u/[address]",
        "/p;jsessionid=ABCDEF123?x=1": "/p",
    }
    ingest(*(page(anonymousId="an1", properties={"url": f"https://www.ours.example{url}"}) for url in urls))
    lines = run_ok("tail", "-n", "100", "--json").out
    assert [url for url in urls.values() if f'www.ours.example{url}"' not in lines] == [], lines
    assert not any(word in lines for word in ("pat@", "pat%40", "jsessionid", "ABCDEF123"))


def test_a_list_of_addresses_finds_the_companys_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_NETWORKS", str(write_lines(Path("networks.txt"), "198.51.100.0/24 acme.example")))
    ingest(page(anonymousId="an1", context={"ip": "198.51.100.9, 10.0.0.1"}))
    assert accounts() == ["acme.example"]
