"""Whatever JSON stands where a call should be: each call gives one item, and nothing raises."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from intake.observation import Filtered, Observation, Rejected
from tests.intake.segment.call_builders import NINE_OCLOCK, observe

TEXTS = st.sampled_from(
    [
        "",
        "u1",
        "undefined",
        "pat@acme.example",
        "n/a",
        "0",
        "https://acme.example/x",
        "1,200",
        "bücher.example",
        "\u0000",
    ]
) | st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TRAITS = st.dictionaries(
    st.sampled_from("email name company website employees annualRevenue address country customer title role".split()),
    VALUES,
    max_size=6,
)
CONTEXTS = st.dictionaries(st.sampled_from("ip traits groupId page userAgent".split()), VALUES | TRAITS, max_size=4)
CALLS = st.fixed_dictionaries(
    {"type": st.sampled_from("page screen track identify group alias".split()), "timestamp": st.just(NINE_OCLOCK)},
    optional={
        "userId": VALUES,
        "anonymousId": VALUES,
        "groupId": VALUES,
        "previousId": VALUES,
        "messageId": VALUES,
        "event": st.sampled_from(["Form Submitted", "Signed Up", "Email Opened", "Meeting Held"]) | VALUES,
        "name": VALUES,
        "traits": TRAITS | VALUES,
        "properties": TRAITS | VALUES,
        "context": CONTEXTS | VALUES,
    },
)


@given(CALLS)
def test_a_call_gives_one_item(body: dict[str, Any]) -> None:
    [item] = observe(json.loads(json.dumps(body)))
    assert isinstance(item, Observation | Filtered | Rejected)
    if isinstance(item, Observation):
        assert item.person or item.visitor or item.email or item.account_hint or item.host or item.ip
        assert item.stated_email is None or (item.person is not None and item.email is None)


@given(VALUES)
def test_anything_else_is_rejected(body: Any) -> None:
    assert all(isinstance(item, Rejected) for item in observe(body))
