"""JSON Schemas of the records on the topics, generated from the classes."""

from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from schemas.envelope import Fact
from schemas.facts.registry import TYPES
from schemas.handoff_events import HANDOFF_EVENTS, SUPPRESSION_EVENTS
from schemas.scores import AccountScored, Checkpoint, ContactScored

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
Schema = dict[str, Any]


def facts_schema() -> Schema:
    """Facts of the topic `engagement`: the envelope, and the data that goes with each type."""
    return _schema_by_type("Facts of the topic engagement", Fact.model_json_schema(), TYPES)


def handoffs_schema() -> Schema:
    """Events of the topic `sqa-handoffs`: the same envelope with `sqa.*` types."""
    return _events_schema("Events of the topic sqa-handoffs", HANDOFF_EVENTS)


def suppressions_schema() -> Schema:
    """Events of the topic `suppressions`: the same envelope with `suppression.*` types."""
    return _events_schema("Events of the topic suppressions", SUPPRESSION_EVENTS)


def scores_schema() -> Schema:
    """Records of the topic `scores`."""
    records = (AccountScored, ContactScored, Checkpoint)
    any_of, parts = msgspec.json.schema_components(records, ref_template=_REFERENCE)
    return {"$schema": _DIALECT, "title": "Records of the topic scores", "anyOf": list(any_of), "$defs": parts}


def _events_schema(title: str, types: Any) -> Schema:
    envelope = Fact.model_json_schema()
    envelope["required"] = [name for name in envelope["required"] if name != "recordedtime"]
    return _schema_by_type(title, envelope, types)


def _schema_by_type(title: str, envelope: Schema, types: Any) -> Schema:
    definitions = {type_: {**_definition(content), "title": type_} for type_, content in types.items()}
    shared = {name: part for definition in definitions.values() for name, part in definition.pop("$defs", {}).items()}
    envelope["properties"]["type"] = {"enum": sorted(definitions), "description": "with version"}
    conditions = [_condition(type_, "required" in definitions[type_]) for type_ in sorted(definitions)]
    return {**envelope, "$schema": _DIALECT, "title": title, "allOf": conditions, "$defs": {**shared, **definitions}}


def _definition(content: Any) -> Schema:
    _, schema = models_json_schema([(content, "validation")], ref_template="#/$defs/{model}")
    definitions: Schema = schema["$defs"]
    return {**definitions.pop(content.__name__), "$defs": definitions}


def _condition(type_: str, requires_data: bool) -> Schema:
    has_type = {"properties": {"type": {"const": type_}}}
    has_data = {
        "properties": {"data": {"$ref": f"#/$defs/{type_}"}},
        **({"required": ["data"]} if requires_data else {}),
    }
    return {"if": has_type, "then": has_data}
