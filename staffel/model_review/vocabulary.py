"""Words of a model that sources write otherwise: countries, industries and segments, roles of contacts."""

from collections.abc import Iterator
from typing import Any

from intake import country_of
from schemas import KeyPath
from scoring.model import Condition, ScoringModel
from staffel.model_review.near_words import meant
from staffel.model_review.seen_values import SeenValues

USUAL_ROLES = (
    "decision_maker", "budget_holder", "champion", "influencer", "end_user", "user", "blocker", "executive_sponsor",
    "evaluator", "unknown",
)  # fmt: skip
"""As tables of contacts are read; other words of a CRM stay its own."""
_CODE_LENGTH = 2
Finding = tuple[KeyPath, str]


def word_findings(field: str, condition: Condition, seen: SeenValues) -> Iterator[Finding]:
    """Operands of a condition on a field of accounts, wherever they stand in it."""
    if field == "country":
        yield from _country_parts(condition)
    for path, word in operands(condition):
        if field == "country":
            yield from ((path, why) for why in _country_problem(path, word))
        elif isinstance(word, str) and (values := seen.values.get(field)):
            yield from (
                (path, why) for why in _spelling_problem(field, word, [v for v in values if isinstance(v, str)])
            )


def operands(condition: Condition) -> Iterator[tuple[KeyPath, Any]]:
    """What fields are compared with as a whole, also within `not`."""
    if condition.equals is not None:
        yield ("equals",), condition.equals
    yield from ((("any_of", number), member) for number, member in enumerate(condition.any_of or ()))
    if condition.not_ is not None:
        yield from ((("not", *path), operand) for path, operand in operands(condition.not_))


def role_findings(model: ScoringModel, seen: SeenValues) -> Iterator[Finding]:
    """Roles that are nearly one that contacts have."""
    known = {*USUAL_ROLES, *seen.roles}
    for role in model.roles:
        if word := meant(role, known):
            yield ("roles", role), f"no contact has the role {role!r} (did you mean {word!r}?)"


def unseen_roles(model: ScoringModel, seen: SeenValues) -> Iterator[Finding]:
    """Roles that no contact of a home has, although others have some."""
    known = {*USUAL_ROLES, *seen.roles}
    for role in model.roles:
        if seen.roles and role not in known and meant(role, known) is None:
            yield ("roles", role), f"no contact here has the role {role!r}; they have {', '.join(sorted(seen.roles))}"


def role_word_finding(word: str, seen: SeenValues) -> str | None:
    """Of a rule that reads the role of a contact."""
    found = meant(word, {*USUAL_ROLES, *seen.roles})
    return f"no contact has the role {word!r} (did you mean {found!r}?)" if found else None


def _country_parts(condition: Condition, within: KeyPath = ()) -> Iterator[Finding]:
    """Parts of names, where only codes are."""
    for operator in ("contains", "prefix"):
        part = getattr(condition, operator)
        if isinstance(part, str) and (len(part) > _CODE_LENGTH or part != part.upper()):
            yield (*within, operator), f"countries are codes of two capital letters, which hold no {part!r}"
    if condition.not_ is not None:
        yield from _country_parts(condition.not_, (*within, "not"))


def reason_findings(model: ScoringModel, types: tuple[str, ...], condition: Condition) -> Iterator[Finding]:
    """Of rules that read why sales sent a handoff back: the words are those of the model."""
    lists = {"handoff.rejected": model.handoff.reasons.reject, "handoff.recycled": model.handoff.reasons.recycle}
    words = dict.fromkeys(word for type_ in types for word in lists.get(type_, ()))
    if not set(types) <= set(lists):
        return
    for path, word in operands(condition):
        if isinstance(word, str) and word not in words:
            found = meant(word, words)
            hint = f"did you mean {found!r}?" if found else f"they are {', '.join(words)}"
            yield path, f"{word!r} is no reason of `handoff.reasons` ({hint})"


def _country_problem(path: KeyPath, word: Any) -> Iterator[str]:
    if not isinstance(word, str):
        return
    code = country_of(word)
    if code != word and len(code) == _CODE_LENGTH:
        yield f"countries are codes of ISO 3166, and {word!r} is none (did you mean {code!r}?)"
    elif code == word and country_of(code.lower()) == code.lower():
        yield f"{word!r} is no country; write a code of ISO 3166 such as 'DE'"


def _spelling_problem(field: str, word: str, known: list[str]) -> Iterator[str]:
    if found := meant(word, known):
        yield f"no account here has the {field} {word!r} (did you mean {found!r}?)"
