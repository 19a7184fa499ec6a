"""Hostile names, in every medium at once."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import chat_text, csv_cell, html_text, json_text, log_text, terminal_cell, terminal_text

HOSTILE = {
    "clears the screen": "Acme\x1b[2J",
    "C1 escape": "Acme\x9b31m",
    "turns the text round": "Acme\u202eexe.gpj",
    "isolates": "Acme\u2066x\u2069",
    "zero width": "Ac\u200bme\ufeff",
    "invisible letters": "Ac\u3164me\u2800",
    "tag characters": "Acme\U000e0041",
    "lone surrogate": "Acme\ud800",
    "NUL": "Ac\x00me",
    "new row": "Acme\nevil.com  A 999.0",
    "carriage return": "Acme\rEvil",
    "line separator": "Acme\u2028Evil",
    "next line": "Acme\x85Evil",
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "mention": "<!channel> @here <@U123>",
    "link": "https://evil.example/login",
    "bare domain": "evil.example/login",
    "full-width dot": "evil\uff0eexample",
    "markdown link": "[Sign in](http://evil.example)",
    "markdown image": "![i](http://evil.example/x.png)",
    "emphasis": "_Acme_ *Acme* ~Acme~ `Acme`",
    "formula": '=HYPERLINK("http://evil.example";"Sign in")',
    "formula behind a blank": "  +1+cmd|' /C calc'!A0",
    "full-width formula": "＝1+1",
    "at formula": "@SUM(1)",
    "long": "A" * 10_000,
}
ACTING = set("\x00\x1b\x85\x9b\u200b\u202e\u2028\u2066\u2069\u2800\u3164\ufeff\U000e0041\ud800")
every_name = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())


@every_name
def test_no_medium_passes_what_is_not_seen_but_acts(name: str) -> None:
    media = (terminal_text, terminal_cell, log_text, chat_text, html_text, csv_cell)
    assert [medium.__name__ for medium in media if ACTING & set(medium(name))] == []


@every_name
def test_a_cell_a_log_value_and_a_chat_name_are_one_line(name: str) -> None:
    assert [len(medium(name).splitlines()) for medium in (terminal_cell, log_text, chat_text)] == [1, 1, 1]


@every_name
def test_json_means_the_same_and_shows_everything(name: str) -> None:
    shown = json_text(json.dumps(name, ensure_ascii=False))
    assert (json.loads(shown), ACTING & set(shown)) == (name, set())


@every_name
def test_a_chat_sees_no_link_mention_or_mark_up(name: str) -> None:
    shown = chat_text(name)
    assert not any(sign in shown for sign in "<>@[]*`|\\")
    assert not any(link in shown for link in ("://", "evil.example"))


@every_name
def test_html_holds_no_tag_and_ends_no_attribute(name: str) -> None:
    assert not any(sign in html_text(name) for sign in "<>\"'")


@every_name
def test_a_spreadsheet_sees_no_formula(name: str) -> None:
    assert not csv_cell(name).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("medium", "name", "shown"),
    [
        (terminal_cell, "Acme\nGmbH\x1b[2J", "Acme⏎GmbH\\x1b[2J"),
        (terminal_text, "Acme\nGmbH\u202e", "Acme\nGmbH\\u202e"),
        (log_text, "a\r\nb\tc", "a⏎b\\tc"),
        (json_text, '"\x9b\u202e\U000e0041"', '"\\u009b\\u202e\\udb40\\udc41"'),
        (chat_text, "[Sign in](https://evil.example/a_b) _now_", "(Sign in)(https:∕∕evil․example/a_b) -now-"),
        (chat_text, "Dr. Müller S.p.A.", "Dr. Müller S․p․A."),
        (chat_text, "A" * 100, "A" * 79 + "…"),
        (html_text, "a < b & 'c'", "a &lt; b &amp; &#x27;c&#x27;"),
        (csv_cell, "=1+1", "'=1+1"),
        (csv_cell, "+4930123456", "'+4930123456"),
        (csv_cell, "\u00a0=1+1", "'\u00a0=1+1"),
    ],
)
def test_text_is_shown_in_the_words_of_its_medium(medium: Callable[[str], str], name: str, shown: str) -> None:
    assert medium(name) == shown


@pytest.mark.parametrize(
    "name", ["Müller & Söhne GmbH", "株式会社アクメ", "Ελληνική Α.Ε.", "שלום בע״מ", "Acme\N{NO-BREAK SPACE}AG"]
)
def test_names_of_the_world_stay_what_they_are(name: str) -> None:
    assert (terminal_cell(name), json_text(name)) == (name, name)


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_is_one_line_of_a_terminal_and_the_same_json(name: str) -> None:
    assert len(terminal_cell(name).splitlines()) <= 1
    assert json.loads(json_text(json.dumps(name, ensure_ascii=False))) == name
