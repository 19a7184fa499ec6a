"""What a fact tells in a few words: from fields of the log alone, and no query of an address."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import TYPES, page_path, summary_of

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2)
)


@pytest.mark.parametrize(
    ("type", "data", "words"),
    [
        ("web.page_viewed.v1", {"url": "https://a.com/pricing?email=x@y.z#top"}, "page viewed: /pricing"),
        ("web.page_viewed", {"title": "Prices"}, "page viewed: Prices"),
        ("web.form_submitted.v1", {"form": "demo", "url": "/contact?x=1"}, "web form submitted: demo, on /contact"),
        ("web.form_submitted.v1", {}, "web form submitted"),
        ("web.searched.v1", {"query": "gmp  audit"}, "site searched: gmp audit"),
        ("web.content_downloaded.v1", {"url": "https://a.com/paper.pdf"}, "content downloaded: /paper.pdf"),
        ("email.clicked.v1", {"url": "https://a.com/", "campaign": "May"}, "link in a mail clicked: /, May"),
        ("email.replied.v1", {"subject": "Re: offer"}, "mail answered: Re: offer"),
        ("meeting.held.v1", {"title": "Demo", "kind": "online", "minutes": 30}, "meeting held: Demo, online, 30 min"),
        ("event.attended.v1", {"event": "ACHEMA", "kind": "trade_fair"}, "attended an event: ACHEMA, trade_fair"),
        ("call.connected.v1", {"direction": "in", "minutes": 4.5}, "talked on the phone: in, 4.5 min"),
        ("ad.clicked.v1", {"campaign": "spring", "ad": "7"}, "ad clicked: spring, 7"),
        ("product.used.v1", {"feature": "export", "count": 3}, "product used: export, 3"),
        ("custom.tracked.v1", {"name": "Quote asked", "properties": {"email": "x@y.z"}}, "event: Quote asked"),
        ("nps.answered.v2", {"score": 9, "comment": "Ann was nice"}, "survey answered: 9 of 10"),
        (
            "opportunity.won.v1",
            {"opportunity": "o1", "amount": 9e3, "currency": "EUR"},
            "opportunity won: o1, 9000 EUR",
        ),
        ("account.updated.v1", {"employees": 800, "industry": None}, "account data: employees 800, industry unknown"),
        ("account.suppressed.v1", {"by": "anna", "reason": "in talks"}, "account suppressed: anna, in talks"),
        ("contact.identified.v1", {"role": "champion", "visitor": "v_x"}, "contact identified: role champion"),
        ("handoff.rejected.v1", {"by": "anna", "reason": "no budget"}, "handoff rejected: by anna, no budget"),
        (
            "score.adjusted.v1",
            {"points": 20, "author": "anna", "reason": "met at a fair"},
            "one person's word: +20 points, by anna, met at a fair",
        ),
        ("score.adjusted.v1", {"points": -5.5}, "one person's word: -5.5 points, by nobody named"),
        ("something.new.v3", {"a": 1}, "something new"),
    ],
)
def test_a_fact_is_told_in_words(type: str, data: dict[str, Any], words: str) -> None:
    assert summary_of(type, data) == words


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://user:secret@a.com/x?y#z", "/x"),
        ("https://a.com", "/"),
        ("/x;p?y", "/x;p"),
        ("mailto:ann@acme.com", ""),
        ("ann@acme.com", ""),
        ("//a.com/x", "//a.com/x"),
        (7, ""),
        (None, ""),
    ],
)
def test_of_an_address_only_the_path_is_shown(url: object, path: str) -> None:
    assert page_path(url) == path


@given(st.sampled_from(sorted(TYPES)), st.data())
def test_any_data_gives_one_short_line(type: str, data: st.DataObject) -> None:
    fields = st.sampled_from(sorted(TYPES[type].model_fields))
    summary = summary_of(type, data.draw(st.dictionaries(fields, json_values)))
    assert len(summary) <= 120
    assert "\n" not in summary
