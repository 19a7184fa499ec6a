"""The files that `staffel init` writes into the working folder: a model to begin with, and `.env`.

A file that exists is never overwritten.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from scoring.model import load_model, version_of
from staffel.connect import TEMPLATES, template_text
from staffel.errors import UsageError
from staffel.settings import SETTINGS_FILE, Settings, named_file_text, read_text

MODEL_FILE = Path("model.yaml")
_PRIVATE_FILE, _SHARED_FILE = 0o600, 0o666
_PLAIN_VALUE = re.compile(r"[\w./:+-]*")
_INTRODUCTION = """# Settings of Staffel. Commands that run in this folder read them; variables of the environment
# come first. A line that begins with # sets nothing and shows the default.
"""


def chosen_model(model: Path | None, template: str | None, setting: Path | None) -> tuple[Path, str]:
    """The model file of a new home and its text, which is that of a template if the file is still to be written.

    Raises `UsageError` if the options contradict each other or what exists.
    """
    if model is not None and template is not None:
        raise UsageError("--model and --template: name one of them")
    if template is not None and template not in TEMPLATES:
        raise UsageError(f"--template {template}: write one of {', '.join(TEMPLATES)}")
    if model is None and template is None and setting is not None:
        return setting, named_file_text("STAFFEL_MODEL", setting)
    if model is not None:
        return model, read_text(model)
    text = template_text(template or TEMPLATES[0])
    if not os.path.lexists(MODEL_FILE):
        return MODEL_FILE, text
    existing = read_text(MODEL_FILE)
    if template is not None and existing != text:
        raise UsageError(
            f"{MODEL_FILE} exists, is not the template {template}, and is left as it is; "
            f"`staffel init --model {MODEL_FILE}` begins with it"
        )
    return MODEL_FILE, existing


def model_version(text: str, name: str) -> str:
    """The version that a model has at the beginning of a log. Raises `DocumentError` if it is invalid."""
    return version_of(load_model(text, name), 1)


def write_missing(path: Path, text: Callable[[], str], mode: int = _SHARED_FILE) -> list[str]:
    """Write a file unless it exists; returns the names of the files written."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return []
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(text())
    return [str(path)]


def write_files(settings: Settings, model: Path, text: str) -> list[str]:
    """The model and `.env`, which only its owner can read: addresses with passwords may be added to it."""
    written = write_missing(model, lambda: text)
    return written + write_missing(SETTINGS_FILE, lambda: settings_text(settings.home, model), _PRIVATE_FILE)


def settings_text(home: Path, model: Path) -> str:
    """A file `.env` that names home and model, and shows every other setting with its meaning and default."""
    chosen = {"home": home, "model": model}
    sections = (setting_lines(name, field, chosen.get(name)) for name, field in Settings.model_fields.items())
    return "\n".join([_INTRODUCTION, *("".join(f"{line}\n" for line in lines) for lines in sections)])


def setting_lines(name: str, field: FieldInfo, value: Path | None) -> Iterator[str]:
    yield f"# {field.description}"
    variable = f"STAFFEL_{name.upper()}"
    yield f"#{variable}={default_text(field.default)}" if value is None else f"{variable}={quoted(str(value))}"


def default_text(default: Any) -> str:
    if default is None:
        return ""
    return str(default.get_secret_value() if isinstance(default, SecretStr) else default)


def quoted(value: str) -> str:
    """A value as it stands in `.env`."""
    if _PLAIN_VALUE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
