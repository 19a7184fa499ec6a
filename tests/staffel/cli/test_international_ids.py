"""International domains: stored in ASCII, shown in Unicode, and found in either form."""

import pytest

from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok

ASCII = "xn--bcher-kva.example"
EITHER_FORM = ["bücher.example", "BÜCHER.example", ASCII]


@pytest.fixture(autouse=True)
def _registered() -> None:
    run_ok("account", "register", "Bücher.example", "--name", "Bücher AG")


@pytest.mark.parametrize("id_", EITHER_FORM)
def test_an_account_is_found_in_either_form(id_: str) -> None:
    assert run_json("account", id_)["account"] == ASCII


@pytest.mark.parametrize("id_", EITHER_FORM)
def test_a_command_records_for_the_account_in_either_form(id_: str) -> None:
    assert run_json("account", "claim", id_, "bücher.de.example")["account"] == ASCII


def test_screens_show_unicode() -> None:
    assert run_ok("accounts").out.split()[-20:].count(ASCII) == 0
    assert "bücher.example" in run_ok("accounts").out
    assert run_ok("account", ASCII).out.startswith("Bücher AG (bücher.example)\nas of ")


def test_a_name_that_looks_like_another_is_shown_in_ascii() -> None:
    run_ok("account", "register", "xn--80ak6aa92e.com")
    assert "xn--80ak6aa92e.com" in run_ok("accounts").out


@pytest.mark.parametrize("id_", ["gmail.com", "pat@acme.example", "ａｃｍｅ.example", "аcme.example"])
def test_an_id_that_misleads_is_refused(id_: str) -> None:
    assert run_cli("account", "register", id_).code == 1
