"""`staffel model init` writes a commented model to begin with, and never overwrites a file."""

import shutil
from pathlib import Path

import pytest

from staffel.connect import TEMPLATES, template_text
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_written_as_it_is_and_passes_the_check(template: str, home: Path) -> None:
    shutil.rmtree(home)
    written = run_json("model", "init", "--template", template, "mine.yaml")
    assert Path("mine.yaml").read_text("utf-8") == template_text(template)
    checked = run_ok("model", "check", "mine.yaml", "--json").parsed
    assert (checked["problems"], checked["model"]) == ([], written["model"])
    assert (written["file"], written["template"], home.exists()) == ("mine.yaml", template, False)


def test_without_a_choice_it_is_the_default_model_with_the_next_steps() -> None:
    assert run_ok("model", "init").out.splitlines() == [
        "model.yaml: written from the template default. Change it to what you know about your customers, then",
        "  staffel model check model.yaml",
        "  staffel init --model model.yaml   where there is no home yet",
    ]
    assert Path("model.yaml").read_text("utf-8") == template_text("default")


def test_a_file_that_exists_stays_as_it_is() -> None:
    Path("model.yaml").write_text("mine")
    assert run_cli("model", "init").failure == (1, "model.yaml exists and is left as it is; name another file")
    assert Path("model.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [
        (
            ["--template", "sas"],
            (2, "--template sas: write one of default, saas, industry, services (did you mean 'saas'?)"),
        ),
        (["gone/model.yaml"], (1, "gone/model.yaml: No such file or directory")),
    ],
)
def test_what_cannot_be_written_is_told(arguments: list[str], failure: tuple[int, str]) -> None:
    assert run_cli("model", "init", *arguments).failure == failure
