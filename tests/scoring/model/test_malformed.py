"""Any content as a model: it is read, or rejected with all problems; nothing else happens."""

import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.loading import (
    DocumentError,
    Problem,
    ScoringModel,
    canonical,
    load_model,
    model_from_dict,
    version_of,
)

DEFAULT = Path(__file__).parents[3] / "scoring" / "models" / "default.yaml"
PLAIN_CONTENT = canonical(load_model(DEFAULT.read_text("utf-8")))

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["none", "30d", "A"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths_in(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(place for key, part in items for place in paths_in(part, (*path, key)))]


PATHS = paths_in(PLAIN_CONTENT)[1:]


def with_replaced_parts(positions: list[int], parts: list[Any]) -> Any:
    content = deepcopy(PLAIN_CONTENT)
    for number, part in zip(positions, parts, strict=False):
        inner, path = content, PATHS[number % len(PATHS)]
        try:
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = part
        except (TypeError, KeyError, IndexError):
            continue
    return content


def model_or_problems(reader: Callable[[], ScoringModel]) -> ScoringModel | tuple[Problem, ...]:
    try:
        return reader()
    except DocumentError as refused:
        return refused.problems


@settings(max_examples=150)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4), st.lists(junk, min_size=4, max_size=4))
def test_a_spoiled_model_is_read_or_refused_with_reasons(where: list[int], what: list[Any]) -> None:
    answer = model_or_problems(lambda: model_from_dict(with_replaced_parts(where, what)))
    if isinstance(answer, ScoringModel):
        again = model_from_dict(canonical(answer))
        assert (again, version_of(again, 1)) == (answer, version_of(answer, 1))
    else:
        assert answer
        assert all(problem.message for problem in answer)


@settings(max_examples=100)
@given(st.randoms(use_true_random=False), st.text(alphabet="[]{}:,-&*!|>'\"#%@ \n\tax0", min_size=1, max_size=8))
def test_a_damaged_text_is_read_or_refused_with_reasons(choice: random.Random, damage: str) -> None:
    text = DEFAULT.read_text("utf-8")[:3000]
    at = choice.randrange(len(text))
    assert model_or_problems(lambda: load_model(f"{text[:at]}{damage}{text[at + choice.randrange(40) :]}"))
