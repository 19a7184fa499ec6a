"""`staffel model`: check models, show the active one."""

from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from schemas import Problem, suggestion
from scoring.model import DocumentError, ScoringModel, canonical, load_model, version_of
from staffel.application import source_settings
from staffel.cli import model_lists
from staffel.cli.groups import examples
from staffel.cli.output import print_error, print_json, print_line
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows, read_settings
from staffel.cli.values_at_home import values_at_home
from staffel.connect import TEMPLATES, template_text
from staffel.errors import ProblemFound, UsageError
from staffel.home_files import MODEL_FILE, write_missing
from staffel.model_review import Review, review
from staffel.settings import read_text
from staffel.wording import quantity

group = typer.Typer(
    no_args_is_help=True, help="Write and check scoring models, list what they may read, and show the active one."
)


@group.command("init", epilog=examples("staffel model init", "staffel model init --template saas saas.yaml"))
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")] = MODEL_FILE,
    template: Annotated[str, typer.Option(metavar="NAME", help=f"One of {', '.join(TEMPLATES)}.")] = TEMPLATES[0],
    as_json: AsJson = False,
) -> None:
    """Write a commented model to begin with; a file that exists stays as it is."""
    if template not in TEMPLATES:
        hint = suggestion(template, TEMPLATES)
        raise UsageError(f"--template {template}: write one of {', '.join(TEMPLATES)}{hint}")
    text = template_text(template)
    if not write_missing(file, lambda: text):
        raise ProblemFound(f"{file} exists and is left as it is; name another file")
    if as_json:
        print_json({"file": str(file), "template": template, "model": version_of(load_model(text, str(file)), 0)})
        return
    print_line(f"{file}: written from the template {template}. Change it to what you know about your customers, then")
    print_line(f"  staffel model check {file}")
    print_line(f"  staffel init --model {file}   where there is no home yet")


@group.command("check", epilog=examples("staffel model check model.yaml"))
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A model in YAML.")], as_json: AsJson = False
) -> None:
    """Check a model and list all problems by line; exit code 1 if there are any.

    Warns of what is probably a slip: misspelt fields, operands that no value meets, words that the accounts of this
    home write otherwise, rules that read what the settings of sources do not keep. Notes tell where a `not` also holds
    for what is not known.
    """
    text = read_text(file)
    try:
        model = load_model(text, str(file))
    except DocumentError as error:
        if as_json:
            print_json({"model": None, "problems": [problem_json(problem) for problem in error.problems]})
            raise typer.Exit(1) from None
        raise ProblemFound(str(error)) from None
    settings = read_settings()
    found = review(model, text, str(file), source_settings(settings), values_at_home(settings))
    print_review_json(model, found) if as_json else print_review(str(file), model, found)


def print_review(file: str, model: ScoringModel, found: Review) -> None:
    for warning in found.warnings:
        print_error(f"warning: {warning}")
    if found.errors:
        raise ProblemFound("\n".join(map(str, found.errors)))
    rules = quantity(sum(len(track.rules) for track in model.tracks.values()), "rule")
    print_line(f"{file}: {model.model} is valid: {rules} in {', '.join(model.tracks)}")
    for note in found.notes:
        print_line(f"note: {note}")


def print_review_json(model: ScoringModel, found: Review) -> None:
    rules = sum(len(track.rules) for track in model.tracks.values())
    lists = {"problems": found.errors, "warnings": found.warnings, "notes": found.notes}
    print_json(
        {"model": version_of(model, 0), "tracks": list(model.tracks), "rules": rules}
        | {name: [problem_json(problem) for problem in problems] for name, problems in lists.items()}
    )
    if found.errors:
        raise typer.Exit(1)


def problem_json(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "key": problem.key, "message": problem.message}


group.command("types", epilog=examples("staffel model types", "staffel model types web.page_viewed"))(model_lists.types)
group.command("fields", epilog=examples("staffel model fields"))(model_lists.fields)


@group.command("show", epilog=examples("staffel model show"))
def show(as_json: AsJson = False) -> None:
    """Print the active model."""
    with connected_application() as application:
        plan = application.plan
    version, content = plan.version, canonical(plan.model)
    if as_json:
        print_json({"version": version, "model": content})
        return
    print_line(f"# {version}")
    print_line(as_yaml(content))


def as_yaml(content: dict[str, Any]) -> str:

    buffer = StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.dump(content, buffer)
    return buffer.getvalue().rstrip()


@group.command("list", epilog=examples("staffel model list"))
def list_models(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List activated models."""
    with connected_application() as application:
        plan = application.plan
    rows = [{"version": plan.version, "model": plan.model.model, "initial": True, "active": True}]
    if not print_rows(rows, as_json, as_csv):
        print_line(f"{rows[0]['version']} (initial, active)")
