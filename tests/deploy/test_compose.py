"""docker-compose.yml follows the Compose Specification and is ready for scaling, restarts and least privilege."""

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from alerts.settings import read_alerts
from schemas.contract.asyncapi import asyncapi_document
from staffel.processes.process import STOP_TIMEOUT_S
from staffel.settings import Settings
from streams.kafka.address import parse_kafka_address
from tests.deploy.compose import (
    FILE,
    PORT,
    ROOT,
    Json,
    compose_file,
    long_running_services,
    own_services,
    services,
    variables,
)

SPECIFICATION = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
READ_BY_LIBPQ = {"PGPASSWORD"}


def specification() -> Any:
    file = distribution("check-jsonschema").locate_file(SPECIFICATION)
    return json.loads(Path(str(file)).read_text("utf-8"))


@pytest.mark.parametrize(
    "content", [yaml.safe_load(FILE.read_text("utf-8")), compose_file()], ids=["as written", "filled"]
)
def test_the_file_follows_the_compose_specification(content: Json) -> None:
    schema = specification()
    check = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{list(error.path)}: {error.message}" for error in check.iter_errors(content)] == []


def test_a_violation_of_the_specification_is_detected() -> None:
    spoilt = {"services": {"worker": {"comand": ["worker"]}}}
    assert not jsonschema.validators.validator_for(specification())(specification()).is_valid(spoilt)


def test_every_part_of_the_system_is_a_service() -> None:
    assert set(services()) == {
        *("kafka", "postgres", "topics", "staffel", "worker", "projector", "relay", "web", "alerts"),
        *("prometheus", "grafana", "kafka-ui"),
    }
    assert set(own_services()) - set(long_running_services()) == {"topics", "staffel"}


def test_profiles_contain_what_a_trial_does_not_need() -> None:
    profiles = {name: service["profiles"] for name, service in services().items() if "profiles" in service}
    assert profiles == {
        "alerts": ["alerts"],
        "staffel": ["commands"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
        "kafka-ui": ["monitoring"],
    }


def test_images_are_pinned() -> None:
    pinned = re.compile(r"[a-z/-]+:v?\d+\.\d+[\w.-]*")
    assert [service["image"] for service in services().values() if not pinned.fullmatch(service["image"])] == []


@pytest.mark.parametrize("name", own_services())
def test_our_processes_have_minimal_privileges(name: str) -> None:
    service = own_services()[name]
    restrictions = {key: service[key] for key in ("read_only", "cap_drop", "security_opt", "init", "tmpfs")}
    assert restrictions == {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
        "tmpfs": ["/tmp"],
    }
    assert not {"privileged", "user", "pid", "network_mode", "cap_add"} & set(service)


@pytest.mark.parametrize("name", [name for name, service in services().items() if service["restart"] != "no"])
def test_long_running_services_are_checked_restarted_and_limited(name: str) -> None:
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


def test_topics_are_created_before_our_processes_start() -> None:
    assert services()["topics"]["restart"] == "no"
    for name, service in long_running_services().items():
        waits = {other: each["condition"] for other, each in service["depends_on"].items()}
        assert waits["topics"] == "service_completed_successfully", name
    assert {each["condition"] for each in services()["topics"]["depends_on"].values()} == {"service_healthy"}


def test_every_service_that_others_wait_for_has_a_health_check() -> None:
    waited = [
        other
        for service in services().values()
        for other, each in dict(service["depends_on"] if isinstance(service.get("depends_on"), dict) else {}).items()
        if each["condition"] == "service_healthy"
    ]
    assert waited
    assert [name for name in waited if "test" not in services()[name].get("healthcheck", {})] == []


def test_the_worker_can_be_scaled() -> None:
    assert not {"container_name", "hostname", "ports", "volumes"} & set(services()["worker"])


def test_the_stop_timeout_is_long_enough() -> None:
    assert {service["stop_grace_period"] for service in long_running_services().values()} == {"30s"}
    assert STOP_TIMEOUT_S < 30


def test_every_port_is_published_only_to_this_machine() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", long_running_services())
def test_a_process_is_checked_where_it_listens(name: str) -> None:
    service = long_running_services()[name]
    assert service["healthcheck"]["test"][-1] == str(PORT)
    assert service["command"][-2:] == ["--port", str(PORT)]
    assert [port.rpartition(":")[2] for port in service.get("ports", [])] in ([], [str(PORT)])


@pytest.mark.parametrize("name", own_services())
def test_every_variable_is_a_setting(name: str) -> None:
    settings = {f"STAFFEL_{field}".upper() for field in Settings.model_fields}
    given = {variable.removesuffix("_FILE") for variable in own_services()[name]["environment"]}
    assert given - settings - READ_BY_LIBPQ == set()
    assert parse_kafka_address(own_services()[name]["environment"]["STAFFEL_LOG"]).servers == ("kafka:9092",)


def test_the_file_contains_no_password() -> None:
    secret = {file["file"] for file in compose_file()["secrets"].values()}
    trial = {(ROOT / file).read_text("utf-8").strip() for file in secret}
    assert trial == {"trial-only-change-me"}
    assert not [password for password in trial if password in FILE.read_text("utf-8")]
    for name, service in own_services().items():
        assert urlsplit(service["environment"]["STAFFEL_DATABASE"]).password is None, name
        assert service["environment"]["PGPASSWORD_FILE"] == f"/run/secrets/{service['secrets'][0]}", name


def test_every_file_that_is_mounted_exists() -> None:
    mounted = [volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])]
    files = [source for source in mounted if source.startswith(".")]
    assert len(files) > 3
    assert [source for source in files if not (ROOT / source).exists()] == []
    assert {source for source in mounted if not source.startswith(".")} == set(compose_file()["volumes"])


def test_every_variable_is_listed_with_its_default() -> None:
    lines = (ROOT / "deploy" / "env.example").read_text("utf-8").splitlines()
    assert dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) == variables()


def test_the_file_of_channels_is_valid_with_its_secret() -> None:
    file = next(volume.split(":")[0] for volume in services()["alerts"]["volumes"])
    settings = read_alerts((ROOT / file).read_text("utf-8"), file, {"SALES_CHAT": "json://localhost"})
    assert [channel.name for channel in settings.channels] == ["sales-chat"]
    assert services()["alerts"]["env_file"][-1] == {"path": "./deploy/alerts.env", "required": False}


@pytest.mark.parametrize("name", own_services())
def test_further_settings_may_be_in_the_file_that_compose_reads(name: str) -> None:
    assert own_services()[name]["env_file"][0] == {"path": ".env", "required": False}


def test_files_with_secrets_stay_out_of_the_repository() -> None:
    assert {".env", "deploy/alerts.env", "secrets/"} <= set((ROOT / ".gitignore").read_text().split())


def test_the_contract_names_this_broker() -> None:
    server = asyncapi_document()["servers"]["trial"]["host"]
    outside = services()["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].partition("OUTSIDE://")[2]
    assert server == outside
    partitions = {channel["bindings"]["kafka"]["partitions"] for channel in asyncapi_document()["channels"].values()}
    assert {services()["topics"]["environment"]["STAFFEL_PARTITIONS"]} == partitions
