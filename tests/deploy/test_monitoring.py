"""The configuration of Prometheus and Grafana: they scrape existing processes and query existing metrics."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from staffel.processes.metrics import Metrics
from tests.deploy.compose import PORT, ROOT, long_running_services, services
from tests.requirements import skip_or_fail

PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboards" / "staffel.json").read_text("utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
PROMETHEUS_METRICS = {"up"}
REQUIRED_PANELS = ("Lag", "Rate", "Latency", "Recovery", "Dead letters", "Outbox", "Age of the outbox")
_STRING = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"\{([^}]*)\}")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
_NAME = re.compile(r"\b[a-zA-Z_]\w*\b(?!\s*\()")
_WORDS = {"by", "and", "or", "on"}


def metric_names() -> set[str]:
    """The name of each metric that a process may expose."""
    found: set[str] = set()
    for family in Metrics("worker").registry.collect():
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {f"{family.name}{kind}" for kind in kinds}
    return found


def expressions() -> Iterator[str]:
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])
    yield from (rule["expr"] for rule in RULES)


def metrics_in(expression: str) -> set[str]:
    bare = _GROUPED.sub(" ", re.sub(r"\[\w+\]", "", _LABELS.sub("", _STRING.sub("", expression))))
    return set(_NAME.findall(bare)) - _WORDS


def labels_in(expression: str) -> set[str]:
    matched = {pair.partition("=")[0].strip("!~ ") for part in _LABELS.findall(expression) for pair in part.split(",")}
    grouped = {label.strip() for part in _GROUPED.findall(expression) for label in part.split(",")}
    return {label for label in matched | grouped if label}


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_queried_metric_exists(expression: str) -> None:
    assert metrics_in(expression)
    assert metrics_in(expression) - metric_names() - PROMETHEUS_METRICS == set()


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_queried_label_exists(expression: str) -> None:
    source = (ROOT / "staffel" / "processes" / "metrics.py").read_text("utf-8")
    known = {"job", "instance", "le", *re.findall(r'"(\w+)"', source)}
    assert labels_in(expression) - known == set()


def test_an_unknown_metric_is_detected() -> None:
    assert metrics_in('sum by (stage) (rate(staffel_lagg{stage="x"}[5m])) or vector(0)') == {"staffel_lagg"}


def test_the_dashboard_shows_what_matters() -> None:
    titles = {panel["title"] for panel in DASHBOARD["panels"]}
    assert [title for title in REQUIRED_PANELS if not any(each.startswith(title) for each in titles)] == []


def test_panels_are_distinct_described_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    taken = [(x, y) for panel in panels for x, y in cells(panel["gridPos"])]
    assert len(taken) == len(set(taken))
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert [panel["title"] for panel in panels if not panel["description"]] == []


def cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    assert place["x"] + place["w"] <= 24
    yield from (
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    )


def test_prometheus_scrapes_every_process_where_it_listens() -> None:
    scraped = {
        job["job_name"]: [(found["names"], found["type"], found["port"]) for found in job["dns_sd_configs"]]
        for job in read("prometheus.yml")["scrape_configs"]
    }
    assert scraped == {name: [([name], "A", PORT)] for name in long_running_services()}


def test_prometheus_can_reach_every_process() -> None:
    networks = set(services()["prometheus"]["networks"])
    assert [name for name, service in long_running_services().items() if not networks & set(service["networks"])] == []


def test_its_rules_are_where_it_looks() -> None:
    assert [file for file in read("prometheus.yml")["rule_files"] if not (PROMETHEUS / file).exists()] == []
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "warning"}
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["summary"]] == []


def test_each_alert_says_what_to_do() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "deploying.md").read_text("utf-8"), re.MULTILINE)
    assert [name for name in documented if name[0].isupper()] == [rule["alert"] for rule in RULES]


def test_prometheus_accepts_the_files() -> None:
    if not shutil.which("promtool"):
        skip_or_fail("promtool", "no promtool here to read the files of Prometheus; apt-get install prometheus")
    result = subprocess.run(
        ["promtool", "check", "config", PROMETHEUS / "prometheus.yml"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_grafana_finds_its_source_and_its_dashboard() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/staffel.yml").read_text())["providers"]
    mounted = dict(volume.split(":")[:2] for volume in services()["grafana"]["volumes"])
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    assert mounted["./deploy/grafana/dashboards"] == provider["options"]["path"]
    home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/staffel.json"


def read(name: str) -> Any:
    return yaml.safe_load((PROMETHEUS / name).read_text("utf-8"))
