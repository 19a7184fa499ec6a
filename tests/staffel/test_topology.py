"""`staffel/topology.py` agrees with the code: modules, steps that run, commands, topics, and the page that shows it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import topics
from schemas.topics import DEAD_LETTERS, SCORES, TOPIC_CONFIGS, TOPICS
from staffel.cli.reference import all_commands
from staffel.connect import create_home
from staffel.embedded import Embedded
from staffel.processes.roles import LAG_CHECKS
from staffel.settings import Settings
from staffel.topology import (
    ALERTS,
    COMMANDS,
    PROJECT,
    RELAY,
    STEPS,
    UP,
    TopologyStep,
    build_steps,
    markdown_tables,
    steps_in,
)

ROOT = Path(__file__).parents[2]
NAMES = {name: value for name, value in vars(topics).items() if value in TOPICS}
"""The constants of `schemas.topics`."""
STEP_PACKAGES = ("projections", "alerts", "intake", "audit")
"""Packages whose modules belong to a step where they name a topic."""
PACKAGES = (*STEP_PACKAGES, "database", "streams", "staffel")
NOT_STEPS = {
    "projections/lag.py": "compares positions with ends",
}
"""Modules that name topics and are no part of the flow."""
NOT_CHECKED = {
    "move": "the check of `publish` counts the open moves",
    "keep time": "a timer waits until it is due",
    "compact": "nothing waits for it",
}
"""Steps without a readiness check of their own."""
WRAPPERS = {"InstrumentedStep", "ThrottledStep"}
"""Steps that run another step."""


def topics_named_by(path: Path) -> set[str]:
    """The topics whose constants a module imports."""
    imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    named = {alias.name for node in imports if node.module in ("schemas", "schemas.topics") for alias in node.names}
    return {NAMES[name] for name in named & set(NAMES)}


def file_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def step_classes() -> Iterator[tuple[str, str]]:
    """Module and name of every class of the product that a host can run: it has a name and advances."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        module = str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(map(_is_advance, node.body)) and "name = " in ast.unparse(node):
                yield module, node.name


def _is_advance(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.FunctionDef)
        and (node.name, ast.unparse(node.returns or ast.Constant(None))) == ("advance", "int")
        and len(node.args.args) == 1
    )


@pytest.fixture
def application(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Embedded]:
    """With alerts, so that it runs every step there is."""
    monkeypatch.setenv("HOOK", "json://localhost")
    (tmp_path / "alerts.yaml").write_text("channels: [{name: chat, url_env: HOOK}]")
    connected = create_home(Settings(home=home, partitions=1, alerts=tmp_path / "alerts.yaml"))
    assert isinstance(connected, Embedded)
    yield connected
    connected.close()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.name))
def test_the_topics_of_a_step_are_those_that_its_modules_name(step: TopologyStep) -> None:
    named = {topic for module in step.modules for topic in topics_named_by(file_of(module))}
    assert named == {*step.reads, *step.writes}


def test_a_module_that_names_a_topic_belongs_to_a_step() -> None:
    listed = {file_of(module) for step in STEPS for module in step.modules}
    naming = {path for package in STEP_PACKAGES for path in (ROOT / package).rglob("*.py") if topics_named_by(path)}
    assert {str(path.relative_to(ROOT)) for path in naming - listed} == set(NOT_STEPS)


@pytest.mark.parametrize("process", [COMMANDS, UP, PROJECT, RELAY, ALERTS])
def test_a_process_runs_steps_from_the_modules_of_its_rows(process: str, application: Embedded) -> None:
    modules = [row.modules for row in steps_in(process)]
    built = [type(step).__module__ for step in build_steps(process, application)]
    assert [module in listed for module, listed in zip(built, modules, strict=True)] == [True] * len(modules)


def test_the_host_runs_the_steps_of_the_topology(application: Embedded) -> None:
    for steps, process in ((application.steps(), COMMANDS), (application.serving_steps(), UP)):
        assert [step.name for step in steps] == [step.name for step in build_steps(process, application)]


def test_every_class_that_a_host_can_run_is_built_by_the_topology(application: Embedded) -> None:
    built = {(type(step).__module__, type(step).__name__) for step in build_steps(UP, application)}
    assert {(module, name) for module, name in step_classes() if name not in WRAPPERS} == built


def test_only_the_topology_builds_steps() -> None:
    names = {name for _, name in step_classes() if name not in WRAPPERS}
    calls = {
        (str(path.relative_to(ROOT)), node.func.id)
        for path in (ROOT / "staffel").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }
    assert {file for file, _ in calls} == {"staffel/topology.py"}, calls


def test_every_step_that_runs_has_a_readiness_check_or_a_reason_for_none() -> None:
    running = {row.name for row in STEPS if row.build is not None}
    assert (running - set(LAG_CHECKS), set(LAG_CHECKS) - running) == (set(NOT_CHECKED), set())


def test_scores_has_one_writer_and_dead_letters_those_that_append_facts_of_others() -> None:
    assert [step.name for step in STEPS if SCORES in step.writes] == ["score"]
    assert [step.name for step in STEPS if DEAD_LETTERS in step.writes] == ["score", "move", "publish"]


def test_every_topic_is_written_by_a_step() -> None:
    assert {topic for step in STEPS for topic in step.writes} == set(TOPICS) == set(TOPIC_CONFIGS)


def test_every_process_is_a_command() -> None:
    named = {text for step in STEPS for text in (*step.embedded, *step.scaled_out) if text.startswith("staffel ")}
    commands = {text.removeprefix("staffel ") for text in named}
    assert {each for each in commands if not any(name.startswith(each) for name, _ in all_commands())} == set()


def test_the_documentation_shows_the_same() -> None:
    page = (ROOT / "docs" / "flow.md").read_text("utf-8")
    assert "\n".join(markdown_tables()) in page
