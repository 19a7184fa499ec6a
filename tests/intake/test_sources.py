"""The file of the settings of sources: what it allows, and the errors for what is wrong."""

from pathlib import Path

import pytest

from intake.sources import DEFAULT_SETTINGS, Sources, folded_name, is_sensitive, read_sources
from schemas.documents import DocumentError

COMPLETE_FILE = """
segment/website:
  keep:
    properties: [plan, cart.total]
    query: [product]
    titles: true
    searches: true
    reasons: true
    comments: true
  trust: browser
segment: {trust: server}
mbox: {keep: {subjects: true}, ours: [Example.COM, münchen.de]}
access-log: {site: https://www.example.com/, networks: networks.csv}
hubspot: {keep_ids: true}
"""


def settings(text: str) -> Sources:
    return read_sources(text, "sources.yaml", Path("folder"))


def problems_of(text: str) -> list[str]:
    with pytest.raises(DocumentError) as refused:
        settings(text)
    return [str(problem) for problem in refused.value.problems]


def test_a_source_says_what_may_be_kept_and_what_is_known_about_it() -> None:
    sources = settings(COMPLETE_FILE)

    assert sources.of("segment/website").model_dump() == {
        "keep": {
            "properties": ("plan", "cart.total"),
            "query": ("product",),
            "titles": True,
            "subjects": False,
            "searches": True,
            "reasons": True,
            "comments": True,
        },
        **{"trust": "browser", "ours": (), "site": None, "networks": None, "keep_ids": False},
    }
    assert sources.of("mbox").ours == ("example.com", "xn--mnchen-3ya.de")
    assert sources.of("access-log").site == "https://www.example.com"
    assert sources.of("access-log").networks == Path("folder/networks.csv")
    assert sources.of("hubspot").keep_ids


def test_a_source_without_settings_of_its_own_has_those_of_its_scope() -> None:
    sources = settings(COMPLETE_FILE)

    assert sources.of("segment/app").trust == "server"
    assert sources.of("mbox/news").keep.subjects
    assert sources.of("calendar/sales") is DEFAULT_SETTINGS


def test_without_a_file_nothing_is_allowed() -> None:
    assert Sources().of("segment") is DEFAULT_SETTINGS
    assert not any(DEFAULT_SETTINGS.keep.model_dump().values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mbox: {keep: {subject: true}}", "mbox.keep.subject: unknown key (did you mean 'subjects'?)"),
        ("mbox: {keeps: {}}", "mbox.keeps: unknown key (did you mean 'keep'?)"),
        ("mbox: {keep: {subjects: 1}}", "mbox.keep.subjects: must be true or false"),
        ("mbox: [subjects]", "mbox: must be a mapping"),
        ("web: {keep: {query: product}}", "web.keep.query: must be a list"),
        (
            "web: {keep: {properties: ['*']}}",
            "web.keep.properties[0]: '*' is not a name; write each name that may be kept",
        ),
        (
            "web: {keep: {query: [Reset-Token]}}",
            "web.keep.query[0]: 'Reset-Token' names a secret or a person; it is never kept, remove it",
        ),
        ("web: {trust: all}", "web.trust: must be 'browser', 'server' or 'trusted'"),
        ("web: {ours: [a b]}", "web.ours[0]: 'a b' is not a domain; write one like example.com"),
        (
            "web: {site: www.example.com}",
            "web.site: 'www.example.com' is not the address of a site; write one like https://www.example.com",
        ),
        ("staffel/commands: {}", "staffel/commands: is a source of Staffel itself, which has no settings"),
        ("'a b': {}", "a b: is not the name of a source; write one like segment/website"),
    ],
)
def test_a_problem_has_line_key_and_remedy(text: str, problem: str) -> None:
    assert problems_of(text) == [f"sources.yaml:1: {problem}"]


def test_all_problems_are_told_at_once() -> None:
    assert [text.partition(": ")[0] for text in problems_of("a: 1\nb: {x: 1}\nc: {trust: x, site: y}\n")] == [
        *("sources.yaml:1", "sources.yaml:2", "sources.yaml:3", "sources.yaml:3"),
    ]


@pytest.mark.parametrize(
    "name",
    ["user[first_name]", "USER[First-Name]", "user.firstName", "user%5Bfirst_name%5D", "user%255Bfirst%255Fname%255D"],
)
def test_names_are_compared_without_encoding_case_and_separators(name: str) -> None:
    assert folded_name(name) == ("user", "firstname")


@pytest.mark.parametrize(
    "name",
    [
        "%65mail",
        "E-Mail",
        "user[email]",
        "ｅｍａｉｌ",
        "billingEmail",
        "access-token",
        "reset_token",
        "jwt",
        "client_ip",
    ],
)
def test_names_of_persons_and_secrets_are_recognised_in_every_spelling(name: str) -> None:
    assert is_sensitive(folded_name(name))


@pytest.mark.parametrize("name", ["plan", "seats", "product", "email_opens", "tokens"])
def test_other_names_may_be_allowed(name: str) -> None:
    assert not is_sensitive(folded_name(name))
