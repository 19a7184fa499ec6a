"""Traits of companies are read like the columns of a CRM export; properties of mails say what a machine did."""

from typing import Any

import pytest

from intake.segment.mapping import firmographics, mapped_event


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({"address": {"country": "Germany"}}, {"country": "DE"}),
        ({"country": "de"}, {"country": "DE"}),
        ({"country": "Österreich"}, {"country": "AT"}),
        ({"country": "Atlantis"}, {"country": "Atlantis"}),
        ({"employees": "201-500"}, {"employees": 201}),
        ({"employees": "1,200"}, {"employees": 1200}),
        ({"employees": "10,001+"}, {"employees": 10001}),
        ({"employees": 42}, {"employees": 42}),
        ({"employees": "many", "employee_count": "17"}, {"employees": 17}),
        ({"annualRevenue": "1,200,000"}, {"revenue": 1_200_000}),
        ({"annual_revenue": "€ 1,200"}, {"revenue": 1200}),
        ({"revenue": "much"}, {}),
        ({"customer": "true", "target": "no"}, {"customer": True, "target": False}),
        ({"customer": "perhaps"}, {}),
        ({"website": "https://www.acme.example/de"}, {"domains": ["acme.example"]}),
        ({"website": "https://bücher.example"}, {"domains": ["xn--bcher-kva.example"]}),
        ({"website": "https://www.linkedin.com/company/acme"}, {}),
        ({"website": "gmail.com"}, {}),
        ({"website": "acme.github.io"}, {"domains": ["acme.github.io"]}),
    ],
)
def test_a_trait_is_read_by_the_standard_of_crm_exports(traits: Any, expected: Any) -> None:
    assert firmographics(traits) == expected


@pytest.mark.parametrize("event", ["Email Opened", "Email Link Clicked"])
@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"machine": True}, {"machine": True}),
        ({"machine": "false"}, {"machine": False}),
        ({"sg_machine_open": True}, {"machine": True}),
        ({"is_suspected_bot_click": "true"}, {"machine": True}),
        ({"isBot": True, "machine": False}, {"machine": True}),
        ({"Bot Click": True}, {"machine": True}),
        ({"prefetched": True}, {"machine": True}),
        ({"isBot": False}, {}),
        ({"bot": "unknown", "machine_id": True}, {}),
    ],
)
def test_a_service_says_that_a_machine_opened_or_clicked(event: str, properties: Any, expected: Any) -> None:
    mapped = mapped_event(event, properties)
    assert mapped is not None
    assert mapped[1] == expected
