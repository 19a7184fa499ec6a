"""Warnings about a model: rules that read what no source keeps, and therefore never match facts of connectors."""

import re
from collections.abc import Iterator

from intake import Sources
from intake.recorder import Permission, is_kept, permission_for, permission_for_parameter
from schemas import KeyPath, Problem, read_yaml
from scoring.model import Condition, FieldPoints, Rule, ScoringModel

_PARAMETER = re.compile(r"[?&]\W{0,3}([A-Za-z][\w.-]{0,60})=")


def unkept_fields(model: ScoringModel, text: str, name: str, sources: Sources) -> list[Problem]:
    """One warning for every field that a rule reads and no source keeps, with line and key."""
    keeps = [settings.keep for _, settings in sources]
    document = read_yaml(text, name)
    return [
        document.problem_at(path, _message(field, permission))
        for path, field, permission in _reads(model)
        if not is_kept(permission, keeps)
    ]


def _reads(model: ScoringModel) -> Iterator[tuple[KeyPath, str, Permission | None]]:
    """Place, field and needed permission of everything that rules read."""
    for track_name, track in model.tracks.items():
        for number, rule in enumerate(track.rules):
            place: KeyPath = ("tracks", track_name, "rules", number)
            yield from ((place + path, field, _permission(rule, field)) for path, field in _fields_of(rule))
            yield from (
                ((*place, "where", "url"), f"the parameter {name} of url", permission_for_parameter(name))
                for name in _parameters_in(rule.where.get("url"))
            )


def _fields_of(rule: Rule) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("where", field), field) for field in rule.where)
    if isinstance(rule.points, FieldPoints):
        yield ("points",), rule.points.field
    if rule.at_most is not None and rule.at_most.field is not None:
        yield ("at_most",), rule.at_most.field


def _permission(rule: Rule, field: str) -> Permission | None:
    """None if one of the rule's types always keeps the field."""
    permissions = [permission_for(type_, field) for type_ in rule.on]
    return None if None in permissions else permissions[0]


def _parameters_in(condition: Condition | None) -> Iterator[str]:
    """Query parameters that a condition on a URL names: `product` of `contains: "?product="`."""
    if condition is None:
        return
    for operand in (condition.equals, condition.contains, condition.prefix, condition.matches):
        if isinstance(operand, str):
            yield from _PARAMETER.findall(operand)
    yield from _parameters_in(condition.not_)


def _message(field: str, permission: Permission | None) -> str:
    setting = permission.setting if permission is not None else None
    remedy = f"allow it in STAFFEL_SOURCES (`{setting}`)" if setting else "only CloudEvents files carry it"
    return f"reads {field if ' ' in field else f'`{field}`'}, which no source keeps; {remedy}"
