"""What the parts of a model ask of each other. Pure judgement: names problems, never raises them."""

from collections.abc import Iterator

from scoring.model_parts import ScoringModel
from scoring.model_source import Path

Finding = tuple[Path, str]


def check(model: ScoringModel) -> Iterator[Finding]:
    """Every problem of a model whose shape is right."""
    yield from _tracks(model)


def _tracks(model: ScoringModel) -> Iterator[Finding]:
    if not model.tracks:
        yield ("tracks",), "a model needs a track"
