"""`staffel init` creates a home; no other command does."""

import os
import shutil
from pathlib import Path

import pytest

from database.engine import open_database
from staffel.settings import Settings
from tests import databases
from tests.requirements import postgres_url
from tests.staffel.cli.cli_runner import page_view, run_cli, run_json, run_ok, write_lines

MODEL = """\
model: own
tracks:
  sales:
    rules:
      - {id: page, on: web.page_viewed, points: 10, half_life: 30d}
    stages:
      - {name: ready, enter: 8, leave: 5, handoff: true}
"""
NO_HOME = "no home at .staffel; begin with `staffel init [--model FILE]`"
COMMANDS = [
    "accounts",
    "account acme.com --explain",
    "contact ann@acme.com",
    "handoffs",
    "handoff acme.com/sales/1",
    "model show",
    "model list",
    "audit verify",
    "audit replay",
    "alerts list",
    "tail",
    "dead-letters list",
    "erasures list",
    "doctor",
    "rebuild main",
    "up --port 0",
    "migrate --to-kafka kafka://localhost:1 --database postgresql+psycopg://x@y/z",
    "account register acme.com",
    "handoff accept acme.com/sales/1 --by anna",
    "contact role ann@acme.com user",
    "forget ann@acme.com",
    "ingest facts.jsonl",
]


@pytest.fixture
def no_home(home: Path) -> None:
    shutil.rmtree(home)
    write_lines(Path("facts.jsonl"), page_view("one"))


def files() -> set[str]:
    return {str(path) for path in Path().rglob("*")}


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_other_command_creates_a_home(command: str) -> None:
    before = files()
    result = run_cli(*command.split())
    assert (result.code, result.err.splitlines()[-1], files()) == (2, NO_HOME, before)


@pytest.mark.parametrize("command", ["accounts", "account register acme.com"])
@pytest.mark.parametrize("make", [databases.empty_database, databases.migrated_database])
def test_a_database_without_a_log_is_no_home(
    command: str, make: object, database_kind: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make(database_kind, Path().absolute())  # type: ignore[operator]
    monkeypatch.setenv("STAFFEL_DATABASE", url)
    code, message = run_cli(*command.split()).failure
    assert (code, message.startswith("no home at "), message.endswith("`staffel init [--model FILE]`")) == (
        2,
        True,
        True,
    )
    run_ok("init")
    assert run_json("accounts") == []


def test_a_command_leaves_an_empty_server_without_tables(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_url()
    monkeypatch.setenv("STAFFEL_DATABASE", url)
    assert run_cli("accounts").code == 2
    engine = open_database(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar() == 0
    engine.dispose()


@pytest.mark.usefixtures("no_home")
def test_it_writes_home_model_and_settings_and_says_what_to_do_next() -> None:
    lines = run_ok("init").out.splitlines()
    assert files() >= {".env", "model.yaml", ".staffel/staffel.db"}
    assert Path("model.yaml").read_text() == (databases.MODELS / "default.yaml").read_text()
    assert lines[:2] == ["model.yaml written", ".env written"]
    assert lines[2].startswith(".staffel created, with the model default-1-")
    assert "  staffel ingest accounts FILE.csv   your companies, exported from the CRM" in lines
    assert run_json("accounts") == []


@pytest.mark.usefixtures("no_home")
def test_the_settings_name_home_and_model_and_show_every_other_one() -> None:
    run_ok("init")
    text = Path(".env").read_text()
    assert Settings().model_fields_set == {"home", "model"}
    assert (Settings().home, Settings().model) == (Path(".staffel"), Path("model.yaml"))
    assert [name for name in Settings.model_fields if f"STAFFEL_{name.upper()}=" not in text] == []
    assert os.stat(".env").st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize("name", ["home.yaml", "sales & co's #1 model.yaml", 'a "b" \\c.yaml'])
def test_a_model_of_ones_own_stays_where_it_is(name: str) -> None:
    model = write_lines(Path(name), MODEL)
    result = run_json("init", "--model", name)
    assert (result["created"], result["files"], result["home"]) == (True, [".env"], ".staffel")
    assert (Settings().model, Path("model.yaml").exists()) == (model, False)
    assert run_json("model", "list")[0]["version"] == result["model"]
    assert model.read_text() == f"{MODEL}\n"
    run_ok("account", "register", "acme.com")


@pytest.mark.usefixtures("no_home")
def test_run_again_it_changes_nothing() -> None:
    first = run_json("init")
    Path("model.yaml").write_text(MODEL)
    Path(".env").write_text("STAFFEL_HOME=.staffel\nSTAFFEL_MODEL=model.yaml\n")
    run_ok("account", "register", "acme.com")
    again = run_json("init")
    assert again == {**first, "created": False, "files": []}
    assert (Path("model.yaml").read_text(), Path(".env").read_text().count("\n")) == (MODEL, 2)


@pytest.mark.usefixtures("no_home")
def test_run_again_it_adds_what_is_missing() -> None:
    first = run_json("init")
    Path(".env").unlink()
    assert run_json("init") == {**first, "created": False, "files": [".env"]}


@pytest.mark.usefixtures("no_home")
def test_files_that_exist_are_never_overwritten() -> None:
    Path("model.yaml").write_text(MODEL)
    Path(".env").write_text("STAFFEL_WAIT=12\n")
    result = run_cli("init", "--json")
    assert (result.code, result.parsed["model"].startswith("own-1-"), result.parsed["files"]) == (0, True, [])
    assert result.err == "warning: .env is left as it is; write STAFFEL_MODEL=model.yaml there\n"
    assert (Path("model.yaml").read_text(), Path(".env").read_text()) == (MODEL, "STAFFEL_WAIT=12\n")


@pytest.mark.usefixtures("no_home")
def test_a_template_does_not_replace_a_model_that_exists() -> None:
    Path("model.yaml").write_text(MODEL)
    assert run_cli("init", "--template", "default").failure == (
        2,
        "model.yaml exists, is not the template default, and is left as it is; "
        "`staffel init --model model.yaml` begins with it",
    )
    assert not Path(".staffel").exists()


def test_a_home_keeps_the_model_that_it_began_with(home: Path) -> None:
    write_lines(Path("own.yaml"), MODEL)
    code, message = run_cli("init", "--model", "own.yaml").failure
    assert (code, message.startswith(".staffel began with the model default-1-")) == (2, True)
    assert message.endswith("Name another home in STAFFEL_HOME to begin with it, and import your files there")
    assert files() == {".staffel", ".staffel/staffel.db", "own.yaml"}


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("--model absent.yaml", 2, "absent.yaml: No such file or directory"),
        ("--model facts.jsonl", 1, "facts.jsonl:1: "),
        ("--template saas --model own.yaml", 2, "--model and --template: name one of them"),
        ("--template sass", 2, "--template sass: write one of default, saas, industry, services"),
    ],
)
def test_a_model_that_cannot_be_used_begins_no_home(arguments: str, code: int, message: str) -> None:
    before = files()
    result = run_cli("init", *arguments.split())
    assert (result.code, result.err.startswith(message), files()) == (code, True, before)


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            None,
            "STAFFEL_MODEL: own.yaml: No such file or directory; name a file that can be read, or remove the setting",
        ),
        (b"\xff\xfe", "STAFFEL_MODEL: own.yaml: not UTF-8 text; name a file that can be read, or remove the setting"),
    ],
)
def test_a_model_of_the_settings_that_cannot_be_read_is_named(
    content: bytes | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        Path("own.yaml").write_bytes(content)
    monkeypatch.setenv("STAFFEL_MODEL", "own.yaml")
    assert run_cli("init").failure == (2, message)


@pytest.mark.usefixtures("no_home")
def test_the_model_of_the_settings_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_MODEL", str(write_lines(Path("own.yaml"), MODEL)))
    result = run_json("init")
    assert (result["model"].startswith("own-1-"), result["files"]) == (True, [".env"])


@pytest.mark.usefixtures("no_home")
def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_HOME", "facts.jsonl")
    assert run_cli("init").failure == (2, "STAFFEL_HOME: facts.jsonl: File exists; name a writable folder")


@pytest.mark.usefixtures("no_home")
def test_on_kafka_the_topics_are_created_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_LOG", "kafka://localhost:9092")
    assert run_cli("init").failure == (
        2, "STAFFEL_LOG is on Apache Kafka: `staffel topics create` creates topics and tables there",
    )  # fmt: skip
