"""Settings: what cannot be read stops a command, what is no setting is told, and nothing secret is repeated."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import access_log_line, page_view, run_cli, run_json, run_ok, write_lines

PASSWORD = "s3cr3t"
ADDRESSES = [
    ("LOG", f"kafka:/ann:{PASSWORD}@one:9092"),
    ("LOG", f"kafkas://ann:{PASSWORD}@one:9092"),
    ("LOG", f"kafka://one:9092/{PASSWORD}"),
    ("LOG", f"kafka://ann:{PASSWORD}@one"),
    ("LOG", f"kafka://ann:{PASSWORD}@one:9092"),
    ("LOG", f"kafka://one:9092?sasl_plain_username=ann&sasl_plain_password=a&{PASSWORD}"),
    ("LOG", f"kafka://one:{PASSWORD}"),
    ("LOG", f"kafka://ann:[{PASSWORD}@one:9092"),
    ("DATABASE", f"postgresql+psycopg:ann:{PASSWORD}@127.0.0.1/x"),
    ("DATABASE", f"postgresql+psycopg://127.0.0.1:1/x?user=ann&password={PASSWORD}"),
    ("DATABASE", f"postgresql+psycopg://ann:[{PASSWORD}@127.0.0.1:1/x"),
    ("DATABASE", f"ann:{PASSWORD}@127.0.0.1/x"),
    ("VAULT", f"postgresql+psycopg:ann:{PASSWORD}@127.0.0.1/x"),
    ("VAULT", f"postgresql+psycopg://127.0.0.1:1/x?user=ann&password={PASSWORD}"),
    ("VAULT", f"ann:{PASSWORD}/x"),
    ("PUBLIC_URL", f"https:/ann:{PASSWORD}@one"),
    ("PUBLIC_URL", f"https://ann:{PASSWORD}@one"),
    ("PUBLIC_URL", f"https://ann:{PASSWORD}/x@one"),
    ("PUBLIC_URL", f"https://ann:{PASSWORD}\u2100@one"),
    ("PUBLIC_URL", f"https://ann:[{PASSWORD}@one"),
]
CHANNELS = [
    f"url: json//ann:{PASSWORD}@one",
    f"url: jsonn://ann:{PASSWORD}@one",
    f"url: slack://{PASSWORD}",
    f"url_env: {PASSWORD}",
    f"webhook: https:/ann:{PASSWORD}@one/x",
    f"webhook: https://ann:{PASSWORD}@one/x",
    f"webhook: https://ann:{PASSWORD}/x@one/x",
    f"webhook: 'https://ann:[{PASSWORD}@one/x'",
    f"webhook: https://ann:{PASSWORD}\u2100@one/x",
    f"secret_env: {PASSWORD}",
]


@pytest.mark.parametrize(("setting", "address"), ADDRESSES, ids=map(str, range(len(ADDRESSES))))
@pytest.mark.parametrize("command", ["contact list", "doctor", "init"])
def test_whatever_is_wrong_with_an_address_its_password_is_not_repeated(
    setting: str, address: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"STAFFEL_{setting}", address)
    result = run_cli(*command.split())
    said = result.out + result.err
    assert (result.code in (0, 1, 2), PASSWORD in said, "Traceback" in said) == (True, False, False), said


@pytest.mark.parametrize("channel", CHANNELS)
def test_nor_is_that_of_a_channel(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_lines(Path("alerts.yaml"), "channels:", "  - name: crm", f"    {channel}")
    monkeypatch.setenv("STAFFEL_ALERTS", str(file))
    result = run_cli("alerts", "check")
    assert (result.code, PASSWORD in result.out + result.err) == (1, False), result.err


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("WAIT", "abc", "STAFFEL_WAIT: Input should be a valid number, unable to parse string as a number (now 'abc')"),
        ("WAIT", "inf", "STAFFEL_WAIT: Input should be a finite number (now 'inf')"),
        ("LOGS", "xml", "STAFFEL_LOGS: Input should be 'console' or 'json' (now 'xml')"),
    ],
)
@pytest.mark.parametrize("command", ["accounts", "demo", "init", "doctor", "ingest facts.jsonl"])
def test_a_value_that_cannot_be_read_stops_every_command(
    setting: str, value: str, message: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines(Path("facts.jsonl"), page_view("one"))
    monkeypatch.setenv(f"STAFFEL_{setting}", value)
    assert run_cli(*command.split()).failure == (2, message)


@pytest.mark.parametrize(
    ("setting", "command", "message"),
    [
        ("NETWORKS", "ingest log.log", "STAFFEL_NETWORKS: gone: no such file; name one that can be read"),
        ("SOURCES", "ingest log.log", "STAFFEL_SOURCES: gone: No such file or directory; name a file that can be read, "
                                      "or remove the setting"),
        ("ALERTS", "alerts check", "STAFFEL_ALERTS: gone: No such file or directory; name a file that can be read, "
                                   "or remove the setting"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_stops_the_commands_that_need_it(
    setting: str, command: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines(Path("log.log"), access_log_line())
    monkeypatch.setenv(f"STAFFEL_{setting}", "gone")
    result = run_cli(*command.split())
    assert (result.code, result.err.splitlines()[-1]) == (2, message)


def test_an_empty_value_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("HOME", "DATABASE", "VAULT", "LOG", "MODEL", "WAIT", "PARTITIONS", "ZONE"):
        monkeypatch.setenv(f"STAFFEL_{setting}", "")
    assert run_json("accounts") == []


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (["STAFFEL_HOME=.staffel", f"STAFFEL_DATABASE {PASSWORD}"], "2"),
        (["# fine", "", "STAFFEL_ZONE", "STAFFEL_WAIT=12", f"'{PASSWORD}"], "3, 5"),
    ],
)
def test_lines_of_the_settings_file_that_cannot_be_read_stop_a_command(lines: list[str], numbers: str) -> None:
    write_lines(Path(".env"), *lines)
    code, message = run_cli("accounts").failure
    assert (code, message.startswith(f".env, line {numbers}: cannot be read; "), PASSWORD in message) == (
        2,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Path(".env").mkdir(), ".env: Is a directory"),
        (lambda: Path(".env").write_bytes(b"STAFFEL_WAIT=\xff\n"), ".env: not UTF-8 text"),
        (lambda: Path(".env").symlink_to("gone"), ".env: No such file or directory"),
    ],
)
def test_a_settings_file_that_cannot_be_read_stops_a_command(make: object, message: str) -> None:
    make()  # type: ignore[operator]
    assert run_cli("accounts").failure == (2, message)


def test_what_is_no_setting_is_told_with_the_nearest_one_beside_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    write_lines(Path(".env"), f"STAFFEL_DATABSE={PASSWORD}", "CRM_SECRET=whsec_x", "staffel_wait=12")
    monkeypatch.setenv("STAFFEL_MODLE", PASSWORD)
    monkeypatch.setenv("STAFFEL_QQQQQQQQ", PASSWORD)
    result = run_cli("accounts", "--json")
    assert (result.code, result.parsed) == (0, [])
    assert result.err.splitlines() == [
        "warning: STAFFEL_DATABSE (did you mean 'STAFFEL_DATABASE'?) is not a setting and changes nothing",
        "warning: STAFFEL_MODLE (did you mean 'STAFFEL_MODEL'?) is not a setting and changes nothing",
        "warning: STAFFEL_QQQQQQQQ is not a setting and changes nothing",
    ]


def test_files_of_secrets_are_known_to_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_LOG_FILE", "/run/secrets/log")
    assert run_ok("accounts").err == ""
