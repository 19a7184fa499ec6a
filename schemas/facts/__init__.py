"""Fact types, by family: one class per type and version, their registry, upcasters and validation."""

from schemas.facts.descriptions import RULE_TYPES, TYPE_MEANINGS, FieldText, field_texts, sample_of
from schemas.facts.kinds import Kind, field_kinds
from schemas.facts.registry import (
    CONTROL_TYPES,
    ENGAGEMENT_FAMILIES,
    STRUCTURE_TYPES,
    TYPE_NAMES,
    TYPES,
    family,
    fields_of,
    is_act_of_person,
    known_type,
    unversioned,
)
from schemas.facts.summaries import page_path, summary_of
from schemas.facts.upcasters import OUTDATED_TYPES, upcast
from schemas.facts.validation import FactProblem, check_fact

__all__ = [
    "CONTROL_TYPES",
    "ENGAGEMENT_FAMILIES",
    "OUTDATED_TYPES",
    "RULE_TYPES",
    "STRUCTURE_TYPES",
    "TYPES",
    "TYPE_MEANINGS",
    "TYPE_NAMES",
    "FactProblem",
    "FieldText",
    "Kind",
    "check_fact",
    "family",
    "field_kinds",
    "field_texts",
    "fields_of",
    "is_act_of_person",
    "known_type",
    "page_path",
    "sample_of",
    "summary_of",
    "unversioned",
    "upcast",
]
