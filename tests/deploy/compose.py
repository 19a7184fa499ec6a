"""docker-compose.yml as Docker Compose reads it: variables substituted, anchors merged. Starts nothing."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
PORT = 8800
"""The port of every Staffel process in its container."""
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")

Json = dict[str, Any]


def variables() -> dict[str, str]:
    """Variable -> its default."""
    text = "\n".join(line for line in FILE.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    return dict(_VARIABLE.findall(text))


@cache
def compose_file() -> Json:
    """The whole file."""
    loaded: Json = yaml.safe_load(_VARIABLE.sub(r"\2", FILE.read_text("utf-8")))
    return loaded


def services() -> dict[str, Json]:
    found: dict[str, Json] = compose_file()["services"]
    return found


def own_services() -> dict[str, Json]:
    """The services that run the image of this repository."""
    return {name: service for name, service in services().items() if "build" in service}


def long_running_services() -> dict[str, Json]:
    """Those of them that keep running."""
    return {name: service for name, service in own_services().items() if service["restart"] != "no"}
