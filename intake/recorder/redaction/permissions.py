"""Permissions: what the settings of a source must allow, so that a field of a fact is kept."""

from collections.abc import Iterable
from typing import NamedTuple

from intake.recorder.redaction.urls import is_utm
from intake.sources import Keep, folded_name, is_sensitive
from schemas.facts import TYPES, family, fields_of, unversioned

FLAGS = {"title": "titles", "subject": "subjects", "query": "searches", "comment": "comments"}
"""Field -> the flag of `keep` that allows it."""
_OWN_FAMILIES = frozenset({"handoff", "score", "contact", "account", "opportunity"})
"""What our own people and the CRM say."""
_FIELDS_BY_NAME = {
    name: frozenset().union(*(fields_of(type_) for type_ in TYPES if unversioned(type_) == name))
    for name in map(unversioned, TYPES)
}


class Permission(NamedTuple):
    """`titles: true`, or a name in the list `properties` or `query`; without either, no setting allows the field."""

    flag: str | None = None
    names: str | None = None
    name: str = ""

    @property
    def setting(self) -> str | None:
        """As it is written in the file of settings."""
        if self.flag is not None:
            return f"keep: {{{self.flag}: true}}"
        return f"keep: {{{self.names}: [{self.name}]}}" if self.names is not None else None

    def granted_by(self, keep: Keep) -> bool:
        if self.flag is not None:
            return bool(getattr(keep, self.flag))
        allowed = keep.property_names if self.names == "properties" else keep.query_names
        parts = folded_name(self.name)
        return any(name[: len(parts)] == parts for name in allowed) if self.names is not None else False


def permission_for(type_: str, field: str) -> Permission | None:
    """What is needed to keep a field (`properties.plan`) of a type without version; None if it is always kept."""
    top, _, inner = field.partition(".")
    if family(type_) in _OWN_FAMILIES or top == "bot" or type_ not in _FIELDS_BY_NAME:
        return None
    if top not in _FIELDS_BY_NAME[type_]:
        return Permission()
    if top == "properties":
        return _named("properties", inner)
    if top == "reason" and type_ == "product.canceled":
        return Permission("reasons")
    return Permission(FLAGS[top]) if top in FLAGS else None


def permission_for_parameter(name: str) -> Permission | None:
    """What is needed to keep a parameter of `url`; None if it is always kept."""
    return None if is_utm(name) else _named("query", name)


def is_kept(permission: Permission | None, keeps: Iterable[Keep]) -> bool:
    """Whether at least one source keeps the field."""
    return permission is None or any(permission.granted_by(keep) for keep in keeps)


def _named(names: str, name: str) -> Permission:
    return Permission() if is_sensitive(folded_name(name)) else Permission(None, names, name)
