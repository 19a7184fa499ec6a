"""The committed files of the medtech example match its generator, and contain only fictitious persons."""

import os
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "examples" / "medtech" / "data"
FILES = sorted(path.name for path in DATA.iterdir())
DOCUMENTATION_NETWORKS = [ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
# Crawlers say where their makers are to be found; that is not a company of the plot.
CRAWLERS = re.compile(r"\+https?://[^)]*\)")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("medtech")
    command = [sys.executable, "-m", "examples.medtech.generate", str(folder)]
    elsewhere = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    subprocess.run(command, cwd=ROOT, env=elsewhere, check=True)
    return folder


def test_the_plot_generates_these_files_and_no_others(generated: Path) -> None:
    assert sorted(path.name for path in generated.iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_generating_again_gives_the_committed_bytes(generated: Path, name: str) -> None:
    assert (generated / name).read_bytes() == (DATA / name).read_bytes()


def test_the_files_are_small_enough_to_be_committed() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", FILES)
def test_every_file_says_that_it_is_synthetic(name: str) -> None:
    beginning = (DATA / name).read_bytes()[:1_000].decode().lower()
    assert "synthetic" in beginning


@pytest.mark.parametrize("name", FILES)
def test_nobody_has_an_address_outside_of_example_domains(name: str) -> None:
    unfolded = (DATA / name).read_text(encoding="utf-8").replace("\n ", "").replace("=\n", "")
    text = CRAWLERS.sub("", unfolded)
    domains = set(re.findall(r"@([\w.-]+)", text)) | set(re.findall(r"https?://([\w.-]+)", text))
    assert {domain for domain in domains if not domain.endswith(".example")} == set()


def test_the_log_shows_only_addresses_kept_for_documentation() -> None:
    hosts = {line.split()[0] for line in (DATA / "access.log").read_text().splitlines()}
    addresses = [ip_address(host) for host in hosts if ":" in host or host.replace(".", "").isdigit()]
    assert [a for a in addresses if not any(a in network for network in DOCUMENTATION_NETWORKS)] == []
