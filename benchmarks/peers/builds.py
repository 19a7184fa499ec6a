"""The peers made ready, once, in a cache outside the repository. Never part of the project's own environment."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

_FOLDER = Path(__file__).parent
_PINS = _FOLDER / "requirements.txt"
_STREAMS = _FOLDER / "kafka-streams"
QUIX = "Quix Streams"
KAFKA_STREAMS = "Kafka Streams"


class PeerUnavailableError(Exception):
    """A peer is not there; the message says how it comes."""


def quix_python(build: bool = True) -> Path:
    """The interpreter of an environment with Quix Streams. Raises `Absent`."""
    return _built_folder("quix", [_PINS], _install_quix, QUIX, build) / "bin" / "python"


def kafka_streams_classpath(build: bool = True) -> str:
    """Of the Java program. Raises `Absent`."""
    files = [_STREAMS / "pom.xml", *_STREAMS.rglob("*.java")]
    folder = _built_folder("kafka-streams", files, _build_kafka_streams, KAFKA_STREAMS, build)
    return f"{folder}/kafka-streams-sum-1.jar:{folder}/jars/*"


def pinned(name: str) -> str:
    """The version that requirements.txt or pom.xml names."""
    text = _PINS.read_text() if name == "quixstreams" else (_STREAMS / "pom.xml").read_text()
    mark = "quixstreams==" if name == "quixstreams" else f"<artifactId>{name}</artifactId>\n      <version>"
    return text.split(mark, 1)[1].split("<")[0].split()[0]


def _built_folder(
    name: str, files: list[Path], install: Callable[[Path], None], display_name: str, build: bool
) -> Path:
    """A folder that holds what these files ask for: another version is another folder."""
    version = sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "staffel"
    folder = cache / f"{name}-{version}"
    if (folder / "complete").exists():
        return folder
    if not build:
        raise PeerUnavailableError(f"{display_name} is not there; `make bench-kafka` brings it")
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    install(folder)
    (folder / "complete").touch()
    return folder


def _install_quix(folder: Path) -> None:
    # An environment cannot be moved: it is made where it stays.
    _run(QUIX, [sys.executable, "-m", "venv", str(folder)])
    _run(QUIX, [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "-r", str(_PINS)])


def _build_kafka_streams(folder: Path) -> None:
    if not shutil.which("java") or not shutil.which("mvn"):
        raise PeerUnavailableError(f"{KAFKA_STREAMS} needs Java and Maven: apt-get install default-jdk-headless maven")
    made = Path(mkdtemp(dir=folder.parent))
    _run(KAFKA_STREAMS, ["mvn", "-q", "-B", "-f", str(_STREAMS / "pom.xml"), "package", f"-Dinto={made}"])
    made.rename(folder)


def _run(display_name: str, command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise PeerUnavailableError(
            f"{display_name} could not be brought: {(ended.stdout + ended.stderr).strip()[-600:]}"
        )
