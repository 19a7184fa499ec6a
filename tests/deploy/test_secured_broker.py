"""A broker that requires TLS, a client certificate and a password: the address is all that processes need."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.kafka.broker import Broker
from tests.kafka.settings import SCRAM, SCRAM_SETTINGS
from tests.requirements import kafka_broker, postgres_url
from tests.staffel.cli.cli_runner import page_view, run_cli, run_ok, write_lines
from tests.staffel.migration.migration_cases import environment_of, running_processes

USER, PASSWORD = "staffel", "p@ss/w:rd%&"

pytestmark = pytest.mark.timeout(300)


def certificates(folder: Path) -> dict[str, Path]:
    """Files of a certificate authority, of the broker with its key, and of a client."""
    authority = trustme.CA()
    broker, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("staffel@example.com")
    files = {name: folder / f"{name}.pem" for name in ("authority", "broker", "client", "key")}
    authority.cert_pem.write_to_path(files["authority"])
    files["broker"].write_bytes(pkcs8_text(broker.private_key_pem) + broker.cert_chain_pems[0].bytes())
    client.cert_chain_pems[0].write_to_path(files["client"])
    client.private_key_pem.write_to_path(files["key"])
    return files


def pkcs8_text(key: trustme.Blob) -> bytes:
    """The key in PKCS #8."""
    known = load_pem_private_key(key.bytes(), None)
    return known.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def broker(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Broker:
    settings = {
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT",
        **SCRAM_SETTINGS,
        "ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files["broker"]),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files["authority"]),
    }
    return kafka_broker(tmp_path_factory.mktemp("secured"), settings, {USER: PASSWORD})


def address(broker: Broker, files: dict[str, Path], **other: str) -> str:
    options = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": SCRAM,
        "sasl_plain_username": USER,
        "sasl_plain_password": PASSWORD,
        "ssl_cafile": str(files["authority"]),
        "ssl_certfile": str(files["client"]),
        "ssl_keyfile": str(files["key"]),
    }
    return f"kafka://{broker.server}?{urlencode(options | other)}"


def test_processes_and_commands_connect_by_tls_with_certificate_and_password(
    broker: Broker, files: dict[str, Path], tmp_path: Path
) -> None:
    log, database = address(broker, files), postgres_url()
    with environment_of(log, database):
        run_ok("topics", "create", "--partitions", 2)
    with running_processes(tmp_path, log, database, roles=("worker", "project", "relay")) as here:
        tally = here.run_json(
            "ingest", "cloudevents", write_lines(tmp_path / "facts.jsonl", page_view("one"), page_view("two"))
        )
        assert tally["recorded"] == 2
        assert [row["account"] for row in here.run_json("accounts")] == ["acme.com"]
        assert here.run_json("audit", "verify")["mismatches"] == []
        assert [started.stop() for started in here.started] == [0, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"sasl_plain_password": "another"}, "refuses a connection: .*invalid credentials.*check the options"),
        ({"ssl_cafile": ""}, "certificate verify failed.* security_protocol and the other options"),
        ({"security_protocol": "PLAINTEXT"}, "is the broker up[?] .* security_protocol and the other options"),
    ],
)
def test_other_connections_fail_with_the_reason_and_a_remedy(
    broker: Broker, files: dict[str, Path], wrong: dict[str, str], why: str
) -> None:
    with environment_of(address(broker, files, **wrong), "postgresql+psycopg://nobody@nowhere/none"):
        code, message = run_cli("topics", "check").failure
    assert code == 1
    assert re.search(why, message)
