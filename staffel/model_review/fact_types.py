"""The fact types that rules may name, with fields, meaning and a sample."""

from typing import Any

from intake.recorder import permission_for
from schemas.facts import TYPE_MEANINGS, FieldText, Kind, field_texts, is_act_of_person, sample_of

Json = dict[str, Any]
_KIND_NAMES: dict[Kind, str] = {
    "number": "number", "text": "text", "flag": "true or false", "list": "list", "object": "object",
}  # fmt: skip


def type_json(type_name: str) -> Json:
    """One type, as `--json` shows it."""
    return {
        "type": type_name,
        "meaning": TYPE_MEANINGS[type_name],
        "engages": is_act_of_person(f"{type_name}.v1", {}),
        "fields": [field_json(type_name, text) for text in field_texts(type_name)],
        "sample": sample_of(type_name),
    }


def field_json(type_name: str, text: FieldText) -> Json:
    name = f"{text.field}.{next(iter(text.example))}" if text.kinds == {"object"} else text.field
    permission = permission_for(type_name, name)
    return {
        "field": text.field,
        "kind": kind_text(text.kinds),
        "meaning": text.meaning,
        "setting": None if permission is None else permission.setting,
    }


def kind_text(kinds: frozenset[Kind]) -> str:
    """A number that came as text is told as a number."""
    shown = kinds - {"text"} if {"text", "number"} <= kinds else kinds
    return " or ".join(name for kind, name in _KIND_NAMES.items() if kind in shown)
