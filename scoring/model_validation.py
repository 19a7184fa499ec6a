"""From plain content to a checked model, or to all of its problems at once. Never reads a file."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from scoring.model_checks import check
from scoring.model_parts import ScoringModel
from scoring.model_source import ModelError, Path, Problem, Source, closest


def validated(source: Source) -> ScoringModel:
    """The model. ModelError lists everything that is wrong with it."""
    model, problems = _shaped(source)
    if model is not None:
        problems += [source.problem(path, message) for path, message in check(model)]
    if model is None or problems:
        raise ModelError(tuple(dict.fromkeys(problems)))
    return model


def _shaped(source: Source) -> tuple[ScoringModel | None, list[Problem]]:
    try:
        return ScoringModel.model_validate(source.content, context={"written": True}), []
    except ValidationError as refusal:
        return None, [_problem(source, dict(error)) for error in refusal.errors(include_url=False)]


def _problem(source: Source, error: dict[str, Any]) -> Problem:
    return source.problem(_written(source.content, error["loc"]), str(error["msg"]))


def _written(content: Any, loc: Path) -> Path:
    return tuple(_steps(content, loc))


def _steps(content: Any, loc: Path) -> Iterator[str | int]:
    for part in loc:
        if _has(content, part):
            content = content[part]
            yield part


def _has(content: Any, part: str | int) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


__all__ = ["closest", "validated"]
