"""Builders of scoring models for tests."""

from typing import Any

from scoring.model.loading import DocumentError, ScoringModel, load_model, model_from_dict

Content = dict[str, Any]


def rule(id: Any = "reply", **parts: Any) -> Content:
    return {"id": id, "on": "email.replied", "points": 10, **parts}


def stage(name: str = "sqa", enter: float = 100, leave: float = 80, **parts: Any) -> Content:
    return {"name": name, "enter": enter, "leave": leave, **parts}


def track(*rules: Content, **parts: Any) -> Content:
    return {"rules": list(rules or (rule(),)), **parts}


def content(*rules: Content, stages: tuple[Content, ...] = (), model: Content | None = None, **parts: Any) -> Content:
    """A model of one track `acquisition`: `parts` are of the track, `model` of the model."""
    acquisition = track(*rules, **({"stages": list(stages)} if stages else {}), **parts)
    return {"model": "test", "tracks": {"acquisition": acquisition}, **(model or {})}


def build_model(*rules: Content, **parts: Any) -> ScoringModel:
    return model_from_dict(content(*rules, **parts))


def problems_of_content(content_given: Content) -> list[str]:
    """`key: message` of everything that is wrong with a model's content."""
    try:
        model_from_dict(content_given)
    except DocumentError as refused:
        return [f"{problem.key}: {problem.message}" for problem in refused.problems]
    return []


def problems_of_text(text: str) -> list[str]:
    """`file:line: key: message` of everything that is wrong with a model's text."""
    try:
        load_model(text, "m.yaml")
    except DocumentError as refused:
        return str(refused).split("\n")
    return []
