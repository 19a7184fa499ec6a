"""The scoring vectors: cases worked out by hand, read from `tests/vectors/`, and how results are compared with them.

A vector is YAML: `model`, `account` (acme.com), `facts` in short form, `expect`: what holds `at` an instant, after the
first `after_facts` facts (all of them where it is missing). `is` names only what the case is about.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Json = dict[str, Any]
FOLDER = Path(__file__).parent.parent / "vectors"


@dataclass(frozen=True)
class Expectation:
    at: str
    after_facts: int
    part: Json
    """What has to be in the result; it says nothing about the rest."""


@dataclass(frozen=True)
class WholeResult:
    """Everything there is to say about a vector's account `at` an instant, worked out without this project's code."""

    vector: str
    at: str
    after_facts: int
    result: Json


@dataclass(frozen=True)
class Vector:
    name: str
    model: Json
    account: str
    facts: list[Json]
    """CloudEvents, in log order."""
    expect: list[Expectation]

    @property
    def model_text(self) -> str:
        """The model as YAML (JSON is YAML)."""
        return json.dumps(self.model)


def all_vectors() -> list[Vector]:
    return [read_vector(path) for path in sorted(FOLDER.glob("*.yaml"))]


def whole_results() -> list[WholeResult]:
    """Of the first ten vectors."""
    lines = (FOLDER / "whole_results.jsonl").read_text(encoding="utf-8").splitlines()
    return [WholeResult(**json.loads(line)) for line in lines]


def vector_named(name: str) -> Vector:
    return read_vector(FOLDER / f"{name}.yaml")


def read_vector(path: Path) -> Vector:
    content = _as_json(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    account = content.get("account", "acme.com")
    facts = [_complete_fact(number, account, fact) for number, fact in enumerate(content["facts"], start=1)]
    expect = [Expectation(one["at"], one.get("after_facts", len(facts)), one["is"]) for one in content["expect"]]
    return Vector(path.stem, content["model"], account, facts, expect)


def differences(expected: Any, actual: Any, where: str = "") -> Iterator[str]:
    """What of `expected` does not hold for `actual`: numbers to 1e-6, instants however written, lists whole."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, value in expected.items():
            yield from differences(value, actual.get(name, "(missing)"), f"{where}/{name}")
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _list_differences(_without_empty_role_lines(expected), _without_empty_role_lines(actual), where)
    elif not _is_equal(expected, actual):
        yield f"{where}: {expected!r} expected, {actual!r} found"


def _list_differences(expected: list[Any], actual: list[Any], where: str) -> Iterator[str]:
    for number, (one, other) in enumerate(zip(expected, actual, strict=False)):
        yield from differences(one, other, f"{where}/{number}")
    if len(expected) != len(actual):
        yield f"{where}: {len(expected)} expected, {len(actual)} found"


def _without_empty_role_lines(members: list[Any]) -> list[Any]:
    """Without `~role` lines worth nothing: whether what has faded is exactly 0 is a matter of the last bits."""
    return [one for one in members if not (isinstance(one, Mapping) and _is_empty_role_line(one))]


def _is_empty_role_line(line: Mapping[str, Any]) -> bool:
    return line.get("rule") == "~role" and "points" in line and abs(line["points"]) < 1e-9


def without_service_level(report: Json) -> Json:
    """The report as the whole results know it: they were worked out before handoffs told of route and due time."""
    unknown = ("route", "act_now", "due_at")
    tracks = {
        name: {**track, "handoffs": [{k: v for k, v in each.items() if k not in unknown} for each in track["handoffs"]]}
        for name, track in report["tracks"].items()
    }
    return {**report, "tracks": tracks}


def all_differences(left: Any, right: Any) -> list[str]:
    """Both ways, so that neither side has anything the other has not."""
    return [*differences(left, right), *differences(right, left)]


def _complete_fact(number: int, account: str, short: Json) -> Json:
    type_ = short["type"] if ".v" in short["type"] else f"{short['type']}.v1"
    full = {"specversion": "1.0", "id": f"f{number}", "source": "vector", "subject": account, **short, "type": type_}
    return {"recordedtime": full["time"], **full}


def _is_equal(expected: Any, actual: Any) -> bool:
    if _is_number(expected) and _is_number(actual):
        return math.isclose(expected, actual, rel_tol=0, abs_tol=1e-6)
    return bool(expected == actual) or (_is_instant(expected) and _instant(expected) == _instant(actual))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and _instant(value) != value


def _instant(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _as_json(content: Any) -> Any:
    """YAML content with its instants as the wire writes them."""
    if isinstance(content, Mapping):
        return {name: _as_json(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_as_json(value) for value in content]
    if isinstance(content, datetime):
        return _format_instant(content)
    return content.isoformat() if isinstance(content, date) else content


def _format_instant(moment: datetime) -> str:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
