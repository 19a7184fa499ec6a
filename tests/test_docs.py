"""Checks README and docs: runs their commands, compares the output, follows links. Writes nothing into the project.

Commands are in fenced blocks, ```console or ```sh, on lines that begin with `$ `; a trailing backslash continues a
line. Each block starts in a fresh folder with its own home and a copy of `examples/`. Lines below a command are its
output, in this order; a line `…` matches any number of lines. `make` targets are only looked up, except `make demo`.
Comments before a block:

    <!-- continues -->       in the folder of the block before
    <!-- exits 1 -->         the last command ends with this exit code
    <!-- until: TEXT -->     the last command does not end by itself: it is stopped once it has printed TEXT
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from threading import Timer

import pytest
import typer

from staffel.cli.main import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = ("git clone ", "cd ", ".venv/bin/python -m pytest ")
"""Commands that pages show and that are not run here."""
TIMEOUT_S = 120

_MARK = re.compile(r"<!-- *(continues|exits (?P<code>\d+)|until: *(?P<until>.+?)) *-->")
_FENCE = re.compile(r"^```(console|sh)\s*$")


@dataclass(frozen=True)
class Command:
    place: str
    text: str
    output: tuple[str, ...]
    exit_code: int = 0
    until: str | None = None


@dataclass(frozen=True)
class Block:
    commands: tuple[Command, ...]
    continues: bool


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            inside = list(takewhile(lambda each: not each.startswith("```"), lines[number + 1 :]))
            yield block(f"{page.relative_to(ROOT)}:", number + 2, inside, marks_before(lines[:number]))


def marks_before(lines: list[str]) -> list[re.Match[str]]:
    above = takewhile(lambda line: not line.strip() or line.startswith("<!--"), reversed(lines))
    return [mark for line in above if (mark := _MARK.match(line))]


def block(page: str, first: int, lines: list[str], marks: list[re.Match[str]]) -> Block:
    commands = [command(page, first, lines, start) for start, line in enumerate(lines) if line.startswith("$ ")]
    code = next((int(mark["code"]) for mark in marks if mark["code"]), 0)
    until = next((mark["until"] for mark in marks if mark["until"]), None)
    if commands:
        last = commands[-1]
        commands[-1] = Command(last.place, last.text, last.output, code, until)
    return Block(tuple(commands), any(mark[1] == "continues" for mark in marks))


def command(page: str, first: int, lines: list[str], start: int) -> Command:
    end = start
    while lines[end].endswith("\\") and end + 1 < len(lines):
        end += 1
    text = "\n".join(lines[start : end + 1]).removeprefix("$ ")
    output = takewhile(lambda line: not line.startswith("$ "), lines[end + 1 :])
    return Command(f"{page}{first + start}", text, tuple(line.rstrip() for line in output if line.strip()))


def command_sequences() -> Iterator[tuple[str, list[Command]]]:
    """Blocks that continue each other, joined."""
    for page in PAGES:
        sequences: list[list[Command]] = []
        for each in blocks(page):
            if each.continues and sequences:
                sequences[-1] += each.commands
            else:
                sequences.append(list(each.commands))
        yield from ((commands[0].place, commands) for commands in sequences if commands)


def link_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like a fresh clone after `make setup`."""
    for name in ("examples", "scoring", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.mark.parametrize("commands", [pytest.param(commands, id=place) for place, commands in command_sequences()])
def test_every_command_prints_what_is_shown(commands: list[Command], folder: Path) -> None:
    for each in commands:
        run(each, folder)


def run(shown: Command, folder: Path) -> None:
    if shown.text.startswith(NOT_RUN):
        return
    line = shown.text
    if line.startswith("make "):
        target = line.split()[1]
        assert target in link_targets(), f"{shown.place}: make {target} is no target"
        if target != "demo":
            return
        line = "staffel demo"
    assert "staffel " in line, f"{shown.place}: nobody runs {line!r}"
    code, written = run_line_until(shown.until, line, folder) if shown.until else run_line(line, folder)
    assert code == shown.exit_code, f"{shown.place}: {line}\nended with {code}, not {shown.exit_code}:\n{written}"
    missing = first_missing_line(shown.output, written)
    assert missing is None, f"{shown.place}: {line}\ndid not write {missing!r}:\n{written}"


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("STAFFEL_")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}", "COLUMNS": "100"}


def run_line(line: str, folder: Path) -> tuple[int, str]:
    result = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    return result.returncode, result.stdout + result.stderr


def run_line_until(text: str, line: str, folder: Path) -> tuple[int, str]:
    running = subprocess.Popen(
        ["bash", "-c", f"exec env {line}"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with running:
        deadline = Timer(TIMEOUT_S, running.kill)
        deadline.start()
        written = interrupt_after(text, running)
        deadline.cancel()
    return running.returncode if text in written else -1, written


def interrupt_after(text: str, running: "subprocess.Popen[str]") -> str:
    written = ""
    for each in running.stdout or ():
        written += each
        if text in each:
            running.send_signal(signal.SIGTERM)
    return written


def first_missing_line(shown: tuple[str, ...], output: str) -> str | None:
    """The first shown line that is missing in the output; None if there is none."""
    remaining = iter(line.rstrip() for line in output.splitlines() if line.strip())
    gap = False
    for line in shown:
        if line.strip() == "…":
            gap = True
        elif line not in remaining if gap else next(remaining, None) != line:
            return line
        else:
            gap = False
    return None


def test_every_mentioned_command_exists() -> None:
    named = [
        (f"{page.relative_to(ROOT)}:{number} staffel {' '.join(words)}", words)
        for page in PAGES
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        for words in (
            text.split() for text in re.findall(r"`(?:[\w=./]+ )?(?:\.venv/bin/)?staffel ([a-z][^`]+)`", line)
        )
    ]
    assert named
    assert [place for place, words in named if not is_known_command(words)] == []


def is_known_command(words: list[str]) -> bool:
    """Whether they begin with a command, followed by one of its subcommands, if any, or something like an id."""
    found = typer.main.get_command(app).commands.get(words[0])  # type: ignore[attr-defined]
    verbs = getattr(found, "commands", {})
    is_verb = len(words) > 1 and words[1].islower() and words[1].isalpha()
    return found is not None and (not verbs or not is_verb or words[1] in verbs)


def test_every_link_has_a_target() -> None:
    broken = [
        f"{page.relative_to(ROOT)}:{number} {target}"
        for page in [*PAGES, ROOT / "CHANGELOG.md"]
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line)
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_is_linked_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md" and page.exists():
            reached.add(page)
            waiting += [(page.parent / t).resolve() for t in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    assert sorted(set(PAGES) - reached) == []


def test_the_readme_shows_every_target_a_newcomer_needs() -> None:
    assert {"setup", "demo", "test", "check", "bench"} <= link_targets()
    readme = (ROOT / "README.md").read_text()
    assert [each for each in ("make demo", "make test") if each not in readme] == []
