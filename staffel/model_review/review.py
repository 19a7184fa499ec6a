"""The review of a model: errors where something can never work, warnings, and notes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from intake import Sources
from intake.recorder import permission_for
from schemas import KeyPath, Problem, SourceDocument, read_yaml
from scoring.model import Condition, ScoringModel
from staffel.model_review.near_words import meant
from staffel.model_review.operands import operand_findings
from staffel.model_review.readings import Reading, readings
from staffel.model_review.seen_values import SeenValues
from staffel.model_review.unkept_fields import unkept_fields
from staffel.model_review.vocabulary import (
    operands,
    reason_findings,
    role_findings,
    role_word_finding,
    unseen_roles,
    word_findings,
)

FLAGS_OF_FACTS = ("bot", "machine")
"""Sources tell them where they hold; where they are missing, they do not."""


@dataclass(frozen=True)
class Review:
    """In the order of the lines of the model."""

    errors: list[Problem] = field(default_factory=list)
    """What can never work as it is written."""
    warnings: list[Problem] = field(default_factory=list)
    """What is probably a slip."""
    notes: list[Problem] = field(default_factory=list)
    """What is often meant otherwise, and may be right."""


def review(model: ScoringModel, text: str, name: str, sources: Sources, seen: SeenValues) -> Review:
    """Of a model that was loaded from this text; `seen`: what the accounts of the home have."""
    document = read_yaml(text, name)
    errors, warnings, notes = Findings(document), Findings(document), Findings(document)
    for reading in readings(model):
        _review_reading(model, reading, seen, errors, warnings)
        notes.add_all((reading.path, *note) for note in _unknown_notes(reading))
    warnings.add_all((path, (), message) for path, message in role_findings(model, seen))
    notes.add_all((path, (), message) for path, message in unseen_roles(model, seen))
    warnings.add_all((path, (), message) for path, message in _unreachable_routes(model))
    misspelt = {(problem.line, problem.key) for problem in warnings.problems}
    unkept = unkept_fields(model, text, name, sources)
    warnings.problems.extend(problem for problem in unkept if (problem.line, problem.key) not in misspelt)
    return Review(errors.in_order(), warnings.in_order(), notes.in_order())


@dataclass(frozen=True)
class Findings:
    """Problems of one document; a key that the text leaves out is not named."""

    document: SourceDocument
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: KeyPath, within: KeyPath, message: str) -> None:
        """`within`: the place inside a condition, of which a bare value has no keys."""
        written = next(
            (path + within[:size] for size in range(len(within), 0, -1) if path + within[:size] in self.document.lines),
            path,
        )
        self.problems.append(self.document.problem_at(written, message))

    def add_all(self, findings: Iterable[tuple[KeyPath, KeyPath, str]]) -> None:
        for finding in findings:
            self.add(*finding)

    def in_order(self) -> list[Problem]:
        return sorted(dict.fromkeys(self.problems), key=lambda problem: problem.line or 0)


def _review_reading(
    model: ScoringModel, reading: Reading, seen: SeenValues, errors: Findings, warnings: Findings
) -> None:
    top, _, inner = reading.field.partition(".")
    kinds = reading.fields.get(top)
    if kinds is None:
        warnings.add_all((reading.path, (), why) for why in _unknown_field(reading, top, seen))
    elif inner and "object" not in kinds:
        errors.add(reading.path, (), f"`{top}` has no parts; write `{top}`")
    if reading.condition is None:
        return
    of_field = frozenset() if inner else kinds or frozenset()
    for finding in operand_findings(reading.field, of_field, reading.condition, reading.limits):
        (errors if finding.is_final else warnings).add(reading.path, finding.path, finding.message)
    if reading.field == "bot" and not reading.is_of_account and reading.condition.equals is True:
        errors.add(reading.path, ("equals",), "facts of bots match no rule")
    warnings.add_all((reading.path, *finding) for finding in _word_findings(model, reading, reading.condition, seen))


def _word_findings(
    model: ScoringModel, reading: Reading, condition: Condition, seen: SeenValues
) -> Iterator[tuple[KeyPath, str]]:
    if reading.is_of_account:
        yield from word_findings(reading.field, condition, seen)
    elif reading.field == "reason":
        yield from reason_findings(model, reading.types, condition)
    elif reading.field == "role":
        yield from _role_words(condition, seen)


def _unknown_field(reading: Reading, top: str, seen: SeenValues) -> Iterator[str]:
    """Misspelt names; fields of accounts that neither sources nor this home know."""
    known = [*reading.fields, *(seen.fields if reading.is_of_account else ())]
    if word := meant(top, known):
        yield f"{reading.owner} has no field `{top}` (did you mean {word!r}?)"
    elif not reading.is_of_account and all(permission_for(type_, reading.field) is None for type_ in reading.types):
        yield f"{reading.owner} has no field `{top}`; it has {', '.join(sorted({*known} - {'bot'})) or 'none'}"
    elif reading.is_of_account and top not in known:
        yield f"{reading.owner} has no field `{top}`, unless CloudEvents tell it; `staffel model fields` lists all"


def _role_words(condition: Condition, seen: SeenValues) -> Iterator[tuple[KeyPath, str]]:
    for path, word in operands(condition):
        if isinstance(word, str) and (why := role_word_finding(word, seen)):
            yield path, why


def _unknown_notes(reading: Reading) -> Iterator[tuple[KeyPath, str]]:
    """Where `not` holds for accounts or facts of which the field is not known (docs/scoring.md, rule 6)."""
    condition = reading.condition
    if condition is None or condition.not_ is None or _asks_existence(condition) or reading.field in FLAGS_OF_FACTS:
        return
    yield (
        ("not",),
        f"also holds where `{reading.field}` is not known; `exists: true` beside `not` leaves those out",
    )


def _asks_existence(condition: Condition) -> bool:
    """Whether something beside `not` already needs a value, or `not` is about that alone."""
    beside = condition.model_fields_set - {"not_"}
    return bool(beside) or condition.not_ is None or condition.not_.model_fields_set == {"exists"}


def _unreachable_routes(model: ScoringModel) -> Iterator[tuple[KeyPath, str]]:
    routes = model.handoff.routes
    always = next((number for number, route in enumerate(routes) if not route.when), len(routes))
    for number in range(always + 1, len(routes)):
        yield ("handoff", "routes", number), f"never used: the route to {routes[always].to!r} before it always applies"
