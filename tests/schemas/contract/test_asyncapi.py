"""The published contract: it holds what is really on the topics, in one document, for readers who tolerate news."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.contract.asyncapi import asyncapi_document, asyncapi_yaml
from schemas.facts.registry import TYPES
from schemas.handoff_events import HANDOFF_EVENTS, SUPPRESSION_EVENTS
from schemas.scores import CHECKPOINT_KEY
from schemas.topics import SCORES, TOPIC_CONFIGS, TOPICS
from scoring.plan.plan import Plan
from streams.log import Unit
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import fact, plan_of, records_of
from tests.streams.scorer.memory_partition import MemoryPartition

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[2] / "golden"
CONTRACT = asyncapi_document()
MESSAGES: dict[str, Json] = CONTRACT["components"]["messages"]


def golden(type_: str) -> Json:
    event: Json = json.loads((GOLDEN / f"{type_}.json").read_bytes())
    return event


def schema_errors(payload: Any, message: str, part: str = "payload") -> list[str]:
    schema = {"$ref": f"#/components/messages/{message}/{part}", "components": CONTRACT["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(payload)]


def matching_messages(payload: Any, channel: str) -> list[str]:
    """The messages of a channel that the payload fits."""
    return [name for name in CONTRACT["channels"][channel]["messages"] if not schema_errors(payload, name)]


def message_of(type_: str) -> str:
    return next(name for name, message in MESSAGES.items() if message["name"] == type_)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (part for name, part in node.items() if name == "$ref")
        node = list(node.values())
    if isinstance(node, list):
        yield from (reference for part in node for reference in references(part))


def test_readers_of_yaml_old_and_new_read_what_was_generated() -> None:
    assert yaml.safe_load(asyncapi_yaml()) == CONTRACT


def test_the_document_refers_to_nothing_outside_and_to_nothing_that_is_not_there() -> None:
    assert [reference for reference in references(CONTRACT) if not is_resolvable(reference)] == []


def is_resolvable(reference: str) -> bool:
    """Within the document."""
    start, *names = reference.split("/")
    node: Any = CONTRACT
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return start == "#" and node is not None


def test_every_topic_is_a_channel_kept_as_the_broker_is_told_to() -> None:
    kafka = {channel["address"]: channel["bindings"]["kafka"] for channel in CONTRACT["channels"].values()}
    configs = {topic: {name: config_text(value) for name, value in each["topicConfiguration"].items()}
            for topic, each in kafka.items()}  # fmt: skip
    assert configs == {topic: dict(TOPIC_CONFIGS[topic].settings) for topic in TOPICS}
    assert [each["topic"] for each in kafka.values()] == list(TOPICS)


def config_text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_a_message_as_it_is_described(name: str) -> None:
    for example in MESSAGES[name]["examples"]:
        assert schema_errors(example["payload"], name) == []
        assert "headers" not in example or schema_errors(example["headers"], name, "headers") == []


@pytest.mark.parametrize("type_", HANDOFF_EVENTS)
def test_every_event_about_handoffs_fits_its_own_message_alone(type_: str) -> None:
    assert matching_messages(golden(type_), "sqaHandoffs") == [message_of(type_)]


@pytest.mark.parametrize("type_", SUPPRESSION_EVENTS)
def test_every_event_about_suppressions_fits_its_own_message_alone(type_: str) -> None:
    assert matching_messages(golden(type_), "suppressions") == [message_of(type_)]


@pytest.mark.parametrize("type_", TYPES)
def test_every_fact_ever_written_fits(type_: str) -> None:
    assert schema_errors(golden(type_), "fact") == []


@pytest.fixture(scope="module")
def written() -> list[Unit]:
    """Units of a scorer: an account that crosses, and a visitor of nobody."""
    rule = models.rule(on="email.clicked", points=60)
    plan: Plan = plan_of(models.content(rule))
    nobody = {"subject": "anon:v_1", "contact": "v_1"}
    facts = [fact("f1", "2026-01-05T09:00:00Z"), fact("f2", "2026-01-05T10:00:00Z", contact="c_b")]
    return MemoryPartition(plan).score(records_of([*facts, fact("f3", "2026-01-05T11:00:00Z", **nobody)])).units


def test_what_a_scorer_writes_fits_the_message_of_its_kind(written: list[Unit]) -> None:
    fits = {
        record.key: matching_messages(json.loads(record.value), SCORES) for unit in written for record in unit.scores
    }
    assert fits == {
        "acme.com": ["accountScored"],
        "acme.com/c_a": ["contactScored"],
        "acme.com/c_b": ["contactScored"],
        "anon:v_1": ["accountScored"],
        CHECKPOINT_KEY: ["checkpoint"],
    }


@pytest.mark.parametrize("type_", ["sqa.handoff_proposed.v1", "web.page_viewed.v1"])
def test_a_field_that_comes_later_breaks_no_reader(type_: str) -> None:
    event = golden(type_)
    later = {**event, "laterattribute": "x", "data": {**event["data"], "later": 1}}
    assert schema_errors(later, "fact" if type_ in TYPES else message_of(type_)) == []


@pytest.mark.parametrize("spoilt", [{"id": ""}, {"time": 5}, {"data": {"handoff": "a"}}, {"source": None}])
def test_an_event_that_is_none_does_not_fit(spoilt: Json) -> None:
    assert matching_messages({**golden("sqa.handoff_proposed.v1"), **spoilt}, "sqaHandoffs") == []


@pytest.mark.parametrize(
    "rule",
    [
        "Remember `source` and `id`",
        "Merge `scores` by the highest `seq`",
        "`scores` is a table, never a history",
        "Tolerate what you do not know",
        "effectively once",
    ],
)
def test_the_rules_for_readers_stand_in_the_document(rule: str) -> None:
    assert rule in CONTRACT["info"]["description"]
