"""All fact types with their versions and families."""

from collections.abc import Mapping
from typing import Any

from schemas.facts import (
    accounts,
    contacts,
    control,
    mail,
    meetings,
    product,
    sales,
    web,
)
from schemas.facts import (
    handoffs as decisions,
)
from schemas.facts import (
    interactions as encounters,
)
from schemas.facts.content import FactData

_MODULES = (web, mail, meetings, encounters, product, accounts, contacts, decisions, sales, control)

TYPES: dict[str, type[FactData]] = {fact.type: fact for module in _MODULES for fact in module.FACTS}
"""`web.page_viewed.v1` -> the class of its data."""

TYPE_NAMES = frozenset(type_.rpartition(".v")[0] for type_ in TYPES)
"""All types, without version."""

ENGAGEMENT_FAMILIES = frozenset(
    {"web", "email", "meeting", "event", "call", "chat", "ad", "product", "custom", "referral"}
)
"""Families of engagement events: what people outside the company do."""

PASSIVE_TYPES = frozenset(
    {
        "email.delivered.v1",
        "email.bounced.v1",
        "email.unsubscribed.v1",
        "email.complained.v1",
        "meeting.canceled.v1",
        "meeting.missed.v1",
        "product.canceled.v1",
    }
)
"""Of the families of engagement, but no act by which a person engages."""

CONTROL_TYPES = frozenset(fact.type for fact in control.FACTS)

STRUCTURE_TYPES = frozenset(
    {
        "account.merged.v1",
        "account.split.v1",
        "account.restored.v1",
        "contact.moved.v1",
        "move.undone.v1",
        "engagement.retracted.v1",
        "engagement.reinstated.v1",
        "move.completed.v1",
        "move.canceled.v1",
    }
)
"""Known, but not supported yet: rejected with the code `not_yet`."""

_FIELDS = {type_: frozenset(fact.model_fields) for type_, fact in TYPES.items()}


def known_type(type_: str) -> bool:
    """Whether this type with this version exists."""
    return type_ in TYPES


def family(type_: str) -> str:
    """`web` of `web.page_viewed.v1`."""
    return type_.partition(".")[0]


def unversioned(type_: str) -> str:
    """`web.page_viewed` of `web.page_viewed.v1`; a type without version stays as it is."""
    name, dot, version = type_.rpartition(".v")
    return name if dot and version.isdigit() else type_


def is_engagement(type_: str) -> bool:
    """Whether facts of this type are engagement events, unless a bot made them."""
    return family(type_) in ENGAGEMENT_FAMILIES


def is_act_of_person(type_: str, content: Mapping[str, Any]) -> bool:
    """Whether a person engages by this fact (docs/scoring.md, rule 19): no bot, no machine, and no passive type."""
    if not is_engagement(type_) or type_ in PASSIVE_TYPES:
        return False
    return content.get("bot") is not True and content.get("machine") is not True


def fields_of(type_: str) -> frozenset[str]:
    """The fields that a type declares: its allow-list. KeyError for an unknown type."""
    return _FIELDS[type_]
