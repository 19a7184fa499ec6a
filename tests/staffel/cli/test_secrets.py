"""No message repeats an address or a secret, whatever the slip."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import run_cli, run_ok, write_lines

SASL = "security_protocol=SASL_SSL&sasl_mechanism=PLAIN&sasl_plain_username=ann&sasl_plain_password=geheim"
SLIPS = [
    ("LOG", f"kafka://one:9092/x?{SASL}"),
    ("LOG", f"kafka://one:9092?{SASL}&unknown=1"),
    ("LOG", f"kafka://one?{SASL}"),
    ("LOG", f"kafak://one:9092?{SASL}"),
    ("LOG", f"kafka://one:9092?{SASL}&"),
    ("LOG", f"kafka://one:9092?{SASL};geheim"),
    ("LOG", "kafka://ann:geheim@one:9092"),
    ("DATABASE", "postgresql+psycopg:/ann:geheim@one/staffel"),
    ("DATABASE", "postgresql+psycopg://ann:geheim@127.0.0.1:notaport/staffel"),
    ("DATABASE", "postgresql+psycopg://ann:a@geheim@127.0.0.1:1/staffel"),
    ("DATABASE", "postgresql+psycopg://ann@127.0.0.1:1/staffel?password=geheim"),
    ("DATABASE", "postgresql+psycopg://127.0.0.1:1/staffel?user=ann&sslpassword=geheim"),
    ("DATABASE", "postgresql+psycopg://ann:geheim@127.0.0.1:1/staffel?sslmode=geheim"),
    ("DATABASE", "postgresql+psycopg://ann:geheim@127.0.0.1:1/staffel?geheim=1"),
    ("DATABASE", "postgresql+psycopg://ann:geheim@127.0.0.1:1/staffel?connect_timeout=geheim"),
    ("DATABASE", "postgresql+psycopg:///staffel?host=127.0.0.1&port=geheim&password=geheim"),
    ("DATABASE", "sqlite://ann:geheim@one/staffel.db"),
    ("VAULT", "postgresql+psycopg:/ann:geheim@one/staffel"),
    ("VAULT", "host=127.0.0.1 user=ann password=geheim"),
    ("VAULT", "ann:geheim@127.0.0.1/staffel"),
    ("VAULT", "postgresql+psycopg://ann:a@geheim@127.0.0.1:1/staffel"),
    ("VAULT", "postgresql+psycopg://ann:geheim@127.0.0.1:1/staffel?password=geheim"),
    ("DATABASE", "mysql://ann:geheim@one/staffel"),
]


@pytest.mark.parametrize(("setting", "value"), SLIPS, ids=[str(number) for number in range(len(SLIPS))])
@pytest.mark.parametrize("command", ["accounts", "doctor"])
def test_a_slip_in_an_address_is_told_without_it(
    setting: str, value: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"STAFFEL_{setting}", value)
    result = run_cli(command)
    said = result.out + result.err
    assert (result.code in (0, 1, 2), "Traceback" in said, bool(said)) == (True, False, True)
    assert [part for part in ("geheim", "ann:", "ann@", "=ann", '"ann"') if part in said] == []
    assert [path.name for path in Path().rglob("*") if "geheim" in path.name] == []


def test_a_port_that_is_no_number_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_DATABASE", "postgresql+psycopg://one:notaport/staffel")
    assert run_cli("accounts").code == 2


def test_a_secret_in_the_place_of_its_name_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("channels:", "  - name: crm", "    webhook: https://a.example", "    secret_env: whsec_geheim5")
    settings = write_lines(Path("alerts.yaml"), *lines)
    monkeypatch.setenv("STAFFEL_ALERTS", str(settings))
    result = run_cli("alerts", "check")
    assert ("geheim" in result.out + result.err, "secret_env" in result.err) == (False, True)


def test_doctor_says_which_file_of_settings_was_read() -> None:
    write_lines(Path(".env"), "STAFFEL_WAIT=12")
    assert "environment, .env of this folder" in run_ok("doctor", "--json").out
