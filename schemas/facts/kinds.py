"""The kinds of values that the fields of fact types may have, from their classes."""

from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from schemas.facts.registry import TYPES, unversioned

Kind = Literal["text", "number", "flag", "list", "object"]
_KINDS: dict[Any, Kind] = {str: "text", float: "number", int: "number", bool: "flag", tuple: "list", dict: "object"}


@cache
def field_kinds(type_name: str) -> dict[str, frozenset[Kind]]:
    """field -> kinds, over all versions of a type; the type is written without version. Empty for an unknown type."""
    found: dict[str, frozenset[Kind]] = {}
    for type_, fact in TYPES.items():
        if unversioned(type_) == type_name:
            for name, field in fact.model_fields.items():
                found[name] = found.get(name, frozenset()) | _kinds_of(field.annotation)
    return found


def _kinds_of(annotation: Any) -> frozenset[Kind]:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kinds_of(parts[0])
    if origin in (Union, UnionType):
        return frozenset().union(*map(_kinds_of, parts))
    kind = _KINDS.get(origin or annotation)
    return frozenset() if kind is None else frozenset({kind})
