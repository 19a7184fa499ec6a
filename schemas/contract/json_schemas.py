"""The JSON Schemas of what is on the topics, made of the classes. Never written by hand."""

from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from schemas.envelope import Fact
from schemas.facts.registry import TYPES
from schemas.handoff_events import EVENTS
from schemas.scores import AccountScored, Checkpoint, ContactScored

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
Schema = dict[str, Any]


def facts() -> Schema:
    """Facts of the topic `engagement`: the envelope, and the data that goes with each type."""
    return _by_type("Facts of the topic engagement", Fact.model_json_schema(), TYPES)


def handoffs() -> Schema:
    """Events of the topic `sqa-handoffs`: the same envelope with `sqa.*` types."""
    envelope = Fact.model_json_schema()
    envelope["required"] = [name for name in envelope["required"] if name != "recordedtime"]
    return _by_type("Events of the topic sqa-handoffs", envelope, EVENTS)


def scores() -> Schema:
    """Records of the topic `scores`."""
    records = (AccountScored, ContactScored, Checkpoint)
    any_of, parts = msgspec.json.schema_components(records, ref_template=_REFERENCE)
    return {"$schema": _DIALECT, "title": "Records of the topic scores", "anyOf": list(any_of), "$defs": parts}


def _by_type(title: str, envelope: Schema, types: Any) -> Schema:
    named = {type_: {**_definition(content), "title": type_} for type_, content in types.items()}
    shared = {name: part for definition in named.values() for name, part in definition.pop("$defs", {}).items()}
    envelope["properties"]["type"] = {"enum": sorted(named), "description": "with version"}
    choices = [_choice(type_, "required" in named[type_]) for type_ in sorted(named)]
    return {**envelope, "$schema": _DIALECT, "title": title, "allOf": choices, "$defs": {**shared, **named}}


def _definition(content: Any) -> Schema:
    _, schema = models_json_schema([(content, "validation")], ref_template="#/$defs/{model}")
    definitions: Schema = schema["$defs"]
    return {**definitions.pop(content.__name__), "$defs": definitions}


def _choice(type_: str, asks: bool) -> Schema:
    holds = {"properties": {"type": {"const": type_}}}
    wanted = {"properties": {"data": {"$ref": f"#/$defs/{type_}"}}, **({"required": ["data"]} if asks else {})}
    return {"if": holds, "then": wanted}
