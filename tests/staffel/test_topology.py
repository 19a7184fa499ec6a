"""What `staffel/topology.py` tells is true: of modules, of commands, of topics, of the page that shows it."""

import ast
from pathlib import Path

import pytest

from schemas import topics
from schemas.topics import DEAD_LETTERS, SCORES, TOPIC_CONFIGS, TOPICS
from staffel.cli.reference import all_commands
from staffel.topology import STEPS, UNUSED_TOPICS, TopologyStep, markdown_tables

ROOT = Path(__file__).parents[2]
NAMES = {name: value for name, value in vars(topics).items() if value in TOPICS}
"""The constants of `schemas.topics`."""
STEP_PACKAGES = ("projections", "alerts", "intake", "audit")
"""Packages whose modules belong to a step where they name a topic."""
NOT_STEPS = {
    "projections/lag.py": "compares positions with ends",
}
"""Modules that name topics and are no part of the flow."""


def topics_named_by(path: Path) -> set[str]:
    """The topics whose constants a module imports."""
    imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    named = {alias.name for node in imports if node.module == "schemas.topics" for alias in node.names}
    return {NAMES[name] for name in named & set(NAMES)}


def file_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.name))
def test_the_topics_of_a_step_are_those_that_its_modules_name(step: TopologyStep) -> None:
    named = {topic for module in step.modules for topic in topics_named_by(file_of(module))}
    assert named == {*step.reads, *step.writes}


def test_a_module_that_names_a_topic_belongs_to_a_step() -> None:
    told = {file_of(module) for step in STEPS for module in step.modules}
    naming = {path for package in STEP_PACKAGES for path in (ROOT / package).rglob("*.py") if topics_named_by(path)}
    assert {str(path.relative_to(ROOT)) for path in naming - told} == set(NOT_STEPS)


def test_scores_and_dead_letters_have_one_writer() -> None:
    for topic in (SCORES, DEAD_LETTERS):
        assert [step.name for step in STEPS if topic in step.writes] == ["score"]


def test_every_topic_is_written_by_a_step_or_kept_for_later() -> None:
    written = {topic for step in STEPS for topic in step.writes}
    assert {*written, *UNUSED_TOPICS} == set(TOPICS) == set(TOPIC_CONFIGS)
    assert not written & set(UNUSED_TOPICS)


def test_every_process_is_a_command() -> None:
    told = {text for step in STEPS for text in (step.embedded, step.scaled_out) if text.startswith("staffel ")}
    commands = {text.partition(",")[0].removeprefix("staffel ") for text in told}
    assert {each for each in commands if not any(name.startswith(each) for name, _ in all_commands())} == set()


def test_the_documentation_shows_the_same() -> None:
    page = (ROOT / "docs" / "flow.md").read_text("utf-8")
    assert "\n".join(markdown_tables()) in page
